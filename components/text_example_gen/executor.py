"""TFX executor of TextExampleGen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.coders import BytesCoder
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from tfx import types
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import proto_utils

from headrace.access import CLOSED_HINT, closed_directory
from headrace.components.measured_steps import Measured, step_costs, write_costs
from headrace.errors import HeadraceError

from .lines import Shape, first_bad_line

SHAPE_KEY = "line_shape"


class Executor(BaseExampleGenExecutor):  # type: ignore[misc]
    """Reads lines by Beam's text source; TFX splits and writes the examples."""

    def GetInputSourceToExamplePTransform(self) -> Any:
        """Return what reads one split of the input."""
        return LinesToExamples

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Ingest the lines of ``input_config`` below ``input_base``.

        Raises:
            HeadraceError: there is nothing to read, or a line that does not have the shape.
        """
        shape = Shape.from_json(exec_properties[SHAPE_KEY])
        files = [_files(pattern) for pattern in _patterns(exec_properties)]
        try:
            super().Do(input_dict, output_dict, exec_properties)
        except Exception as error:
            bad = first_bad_line([name for some in files for name in some], shape, FileSystems.open)
            if bad is None:
                raise
            raise bad from error
        uri = artifact_utils.get_single_uri(output_dict[specs.EXAMPLES_KEY])
        write_costs(step_costs(self._job.result), uri)

    def _make_beam_pipeline(self) -> Any:
        # TFX runs the job out of sight; what it cost is asked for afterwards.
        self._job = super()._make_beam_pipeline()
        return self._job


class LinesToExamples(beam.PTransform):  # type: ignore[misc]
    """Reads the lines of the files that match a pattern, each into one tf.Example."""

    def __init__(self, exec_properties: dict[str, Any], split_pattern: str) -> None:
        super().__init__()
        self._pattern = os.path.join(exec_properties[specs.INPUT_BASE_KEY], split_pattern)
        self._shape = Shape.from_json(exec_properties[SHAPE_KEY])

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        # Bytes, since the text source's own decoding names no file where it fails.
        source = beam.io.ReadFromText(self._pattern, coder=BytesCoder())
        lines = pipeline | Measured("Read lines", source)
        return lines | Measured("Parse lines", beam.ParDo(_Parse(self._shape)))


class _Parse(beam.DoFn):  # type: ignore[misc]
    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def process(self, line: bytes) -> Iterator[tf.train.Example]:
        row = self._shape.parse(line)
        if row is not None:
            yield to_example(row)


def to_example(row: dict[str, str]) -> tf.train.Example:
    """A text feature for each column."""
    example = tf.train.Example()
    for name, value in row.items():
        example.features.feature[name].bytes_list.value.append(value.encode())
    return example


def _patterns(exec_properties: dict[str, Any]) -> list[str]:
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[specs.INPUT_CONFIG_KEY], config)
    base = exec_properties[specs.INPUT_BASE_KEY]
    return [os.path.join(base, split.pattern) for split in config.splits]


def _files(pattern: str) -> list[str]:
    closed = closed_directory(pattern)
    if closed is not None:
        raise HeadraceError(f"the directory {closed} may not be read", CLOSED_HINT)
    try:
        [found] = FileSystems.match([pattern])
    except (OSError, ValueError, BeamIOError) as error:  # ValueError: a scheme that none knows
        raise HeadraceError(f"{pattern} cannot be read: {error}") from error
    if not found.metadata_list:
        raise HeadraceError(f"no file matches {pattern}")
    return sorted(file.path for file in found.metadata_list)
