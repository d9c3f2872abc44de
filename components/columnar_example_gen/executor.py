"""TFX executor of ColumnarExampleGen."""

from __future__ import annotations

import os
import posixpath
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from absl import logging
from apache_beam.io.filesystem import BeamIOError
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.example_gen.write_split import to_file_format_str
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import io_utils

from headrace.access import CLOSED_HINT
from headrace.errors import HeadraceError

from . import results
from .beam_job import FileJob, build
from .decoding import Features
from .files import format_of, match_files, refuse_changed
from .finishing import Layout, keep_quarantine, name_shards, write_report
from .gzipping import gzipped
from .kinds import Kind, widest, without_outer
from .options import InputSplit, Options, kinds_of, read_options
from .output import ExamplesOutput, TablesOutput
from .shards import PARQUET_PREFIX, TFRECORD_PREFIX, ParquetFile, RecordFile
from .sources import source_for
from .unit import Job, Result, SplitJob

_STAGING = ".staging-"
_EXPANSION = 4
"""About how many bytes of examples come of one of input."""
_SHARDS = 16
_SHARD_BYTES = (16 << 20, 256 << 20)
_DIRECT_RUNNERS = ("", "DirectRunner", "SwitchingDirectRunner", "BundleBasedDirectRunner")
_ATTEMPTS = 3


class Executor(base_beam_executor.BaseBeamExecutor):  # type: ignore[misc]
    """Reads files by columns and writes examples, or columns, in splits."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Ingest the files of ``input_config`` below ``input_base``.

        Raises:
            HeadraceError: the input cannot be read, or has bad rows that the policy does not allow.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        options = read_options(exec_properties)
        given = {**_given(input_dict), **options.given}
        artifact = artifact_utils.get_single_instance(output_dict[specs.EXAMPLES_KEY])
        artifact.split_names = artifact_utils.encode_split_names(list(options.output_names))
        _clear(artifact.uri)
        staging = posixpath.join(artifact.uri, f"{_STAGING}{uuid.uuid4().hex[:12]}")
        fileio.makedirs(staging)
        try:
            job, files = self._plan(options, given, staging)
            job, found = self._ingest(job, files)
            for index, split in enumerate(options.splits):
                refuse_changed(split.pattern, [one.file for one in files if one.split == index])
            report = _finish(artifact, options, job, found)
        finally:
            fileio.rmtree(staging)
        _describe(artifact, options, report)

    def _plan(
        self, options: Options, given: Mapping[str, Kind], staging: str
    ) -> tuple[Job, list[FileJob]]:
        splits, files, size = [], [], 0
        for index, split in enumerate(options.splits):
            job, of_split = _plan_split(index, split, options, given)
            splits.append(job)
            files += of_split
            size += sum(one.file.size for one in of_split)
        is_table = options.payload == example_gen_pb2.FORMAT_PARQUET
        least, most = _SHARD_BYTES
        return (
            Job(
                splits=tuple(splits),
                output=TablesOutput() if is_table else ExamplesOutput(options.gzip),
                open_shard=ParquetFile if is_table else RecordFile,
                bad_rows=options.bad_rows,
                staging=staging,
                shard_bytes=min(max(size * _EXPANSION // _SHARDS, least), most),
                threads=self._threads(),
            ),
            files,
        )

    def _threads(self) -> int:
        """A direct runner does one unit at a time; others have several workers."""
        runner = PipelineOptions(self._beam_pipeline_args).view_as(StandardOptions).runner or ""
        is_direct = runner.rpartition(".")[2] in ("DirectRunner", *_DIRECT_RUNNERS)
        return (os.cpu_count() or 1) if is_direct else 1

    def _ingest(self, job: Job, files: Sequence[FileJob]) -> tuple[Job, list[Result]]:
        """Run the pipeline; once more if a column turned out wider than the sample showed."""
        for attempt in range(_ATTEMPTS):
            folder = posixpath.join(job.staging, f"results-{attempt}")
            fileio.makedirs(folder)
            with self._make_beam_pipeline() as pipeline:
                build(pipeline, files, job, folder)
            found = results.load(folder)
            if not any(result.widened for result in found):
                return job, found
            job = _widened(job, found)
        raise HeadraceError("the columns' kinds changed each time that the files were read")


def _given(input_dict: Mapping[str, list[types.Artifact]]) -> dict[str, Kind]:
    """Kinds from a schema artifact, if there is one."""
    artifacts = input_dict.get(specs.SCHEMA_KEY)
    if not artifacts:
        return {}
    uri = artifact_utils.get_single_uri(artifacts)
    schema: schema_pb2.Schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(uri))
    return kinds_of(schema)


def _clear(uri: str) -> None:
    """Remove what an attempt that was killed left at the same place."""
    if fileio.exists(uri):
        for name in fileio.listdir(uri):
            path = posixpath.join(uri, name)
            (fileio.rmtree if fileio.isdir(path) else fileio.remove)(path)


def _plan_split(
    index: int, split: InputSplit, options: Options, given: Mapping[str, Kind]
) -> tuple[SplitJob, list[FileJob]]:
    jobs = []
    try:
        files = match_files(split.pattern)
        source = source_for(format_of(files, options.format), options.dialect, options.payload)
        features = source.features(files, given)
        for place, file in enumerate(files):
            ranges = source.ranges(file)
            jobs.append(FileJob(index, place, file, ranges, source.is_text and len(ranges) > 1))
    except (OSError, BeamIOError) as error:
        # Only here: in a worker it may pass, and the runner tries again.
        hint = CLOSED_HINT if isinstance(error, PermissionError) else ""
        raise HeadraceError(f"{split.pattern} cannot be read: {error}", hint) from error
    return SplitJob(source, features, split.plan), jobs


def _widened(job: Job, found: Sequence[Result]) -> Job:
    splits = []
    for index, split in enumerate(job.splits):
        kinds = widest(
            [split.features.kinds, *(result.kinds for result in found if result.split == index)]
        )
        if split.source.nests:
            kinds = without_outer(kinds)
        changed = {
            name: f"{split.features.kinds.get(name, Kind.UNKNOWN).name} to {kind.name}"
            for name, kind in kinds.items()
            if kind != split.features.kinds.get(name)
        }
        if changed:
            logging.info("The sample was not the whole story; reading again with %s.", changed)
        splits.append(replace(split, features=Features(kinds, split.features.given)))
    return replace(job, splits=tuple(splits))


def _layout(artifact: types.Artifact, options: Options) -> Layout:
    folders = {}
    for index, split in enumerate(options.splits):
        for place, name in enumerate(split.plan.names):
            folders[index, place] = artifact_utils.get_split_uri([artifact], name)
    if options.payload == example_gen_pb2.FORMAT_PARQUET:
        return Layout(artifact.uri, folders, PARQUET_PREFIX, ".parquet")
    return Layout(artifact.uri, folders, TFRECORD_PREFIX, ".gz" if options.gzip else "")


def _finish(
    artifact: types.Artifact, options: Options, job: Job, found: Sequence[Result]
) -> dict[str, Any]:
    bad = sum(result.bad for result in found)
    examples = [result.bad_example for result in found if result.bad_example]
    options.bad_rows.check(bad, examples[-1] if examples else None)
    layout = _layout(artifact, options)
    rows = name_shards(found, layout)
    for (split, _), folder in layout.folders.items():
        if not rows[folder]:
            _write_empty(layout, folder, job, job.splits[split].features.kinds)
    report = {
        "rows": {posixpath.basename(folder): count for folder, count in rows.items()},
        "bad_rows": bad,
        "quarantine": keep_quarantine(found, artifact.uri),
        "features": {
            split.name: _reported(one.features)
            for split, one in zip(options.splits, job.splits, strict=True)
        },
    }
    write_report(artifact.uri, report)
    return report


def _reported(features: Features) -> dict[str, str]:
    def origin(name: str) -> str:
        return "given" if name in features.given else "inferred"

    return {name: f"{kind.name} ({origin(name)})" for name, kind in features.kinds.items()}


def _write_empty(layout: Layout, folder: str, job: Job, kinds: Mapping[str, Kind]) -> None:
    """The one shard, without rows, of a split that got none: readers want a file."""
    fileio.makedirs(folder)
    file = job.open_shard(layout.name(folder, 0, 1), kinds)
    if layout.suffix == ".gz":
        file.write(gzipped(b""))
    file.close()


def _describe(artifact: types.Artifact, options: Options, report: Mapping[str, Any]) -> None:
    """TFX's properties of the artifact, and how many rows were bad."""
    examples_utils.set_payload_format(artifact, options.payload)
    if options.payload == example_gen_pb2.FORMAT_PARQUET:
        name = example_gen_pb2.FileFormat.Name(example_gen_pb2.FILE_FORMAT_PARQUET)
        examples_utils.set_file_format(artifact, name)
    elif options.gzip:
        gzip_format = to_file_format_str(example_gen_pb2.FORMAT_TFRECORDS_GZIP)
        examples_utils.set_file_format(artifact, gzip_format)
    artifact.set_int_custom_property("bad_rows", report["bad_rows"])
    if report["quarantine"]:
        artifact.set_string_custom_property("quarantine", report["quarantine"])
    level = logging.WARNING if report["bad_rows"] else logging.INFO
    logging.log(level, "Ingested %s.", report)
