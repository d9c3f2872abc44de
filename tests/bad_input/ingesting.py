"""Files through ColumnarExampleGen as its workers read them, and back from what they wrote."""

from __future__ import annotations

import contextlib
import json
import struct
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tensorflow.core.example.example_pb2 import Example
from tfx.proto import example_gen_pb2

from headrace.components.columnar_example_gen import (
    csv_source,
    executor,
    json_source,
    ranges,
    source,
    text_source,
)
from headrace.components.columnar_example_gen.bad_rows import BadRows, Policy
from headrace.components.columnar_example_gen.beam_job import grouped
from headrace.components.columnar_example_gen.files import AUTO
from headrace.components.columnar_example_gen.kinds import Kind
from headrace.components.columnar_example_gen.options import InputSplit, Options
from headrace.components.columnar_example_gen.output import ExamplesOutput
from headrace.components.columnar_example_gen.shards import RecordFile
from headrace.components.columnar_example_gen.splitting import SplitPlan
from headrace.components.columnar_example_gen.unit import Job, Unit, ingest

_ATTEMPTS = 3


@dataclass(frozen=True)
class Reading:
    """How a file is cut up while it is read.

    Attributes:
        block: about so many bytes are decoded at once.
        sample: about so many bytes say what kinds its columns are.
        ranges: that it is read in, each by itself.
    """

    block: int = 1 << 20
    sample: int = 1 << 20
    ranges: int = 1


@dataclass(frozen=True)
class Ingested:
    """What became of a file.

    Attributes:
        rows: values by feature, in order; None for a feature without a kind.
        bad: line and text of each row in quarantine, in order.
        counted: bad rows as they were counted.
    """

    rows: list[dict[str, list[Any] | None]]
    bad: list[tuple[int, str]]
    counted: int
    kinds: Mapping[str, Kind]


def ingested(
    data: bytes,
    name: str,
    reading: Reading = Reading(),
    text_options: Mapping[str, Any] | None = None,
    kind: str = AUTO,
    given: Mapping[str, Kind] | None = None,
) -> Ingested:
    """Read a file as the component does, bad rows into quarantine.

    Raises:
        HeadraceError: as the component would.
    """
    with tempfile.TemporaryDirectory(prefix="headrace-bad-input-") as place, _cut_up(reading):
        file = Path(place, name)
        file.write_bytes(data)
        options = Options(
            splits=(InputSplit("all", str(file), SplitPlan(("all",))),),
            output_names=("all",),
            payload=example_gen_pb2.FORMAT_TF_EXAMPLE,
            gzip=False,
            format=kind,
            dialect=text_options or {},
            bad_rows=BadRows(Policy.QUARANTINE),
            given=given or {},
        )
        split, [job_of_file] = executor._plan_split(0, options.splits[0], options, options.given)
        nominal = job_of_file.ranges
        if job_of_file.joined:
            nominal = ranges.join([ranges.scan(one, split.source.quote) for one in nominal])
            units = [Unit(0, (0, index), (one,)) for index, one in enumerate(nominal)]
        else:
            units = list(grouped([job_of_file]))
        job = Job((split,), ExamplesOutput(False), RecordFile, options.bad_rows, place, 1 << 20, 1)
        for _ in range(_ATTEMPTS):
            results = [ingest(unit, job) for unit in units]
            if not any(result.widened for result in results):
                break
            job = executor._widened(job, results)
        else:
            raise AssertionError("the columns' kinds change each time that the file is read")
        return Ingested(
            [row for one in results for shard in one.shards for row in _rows(Path(shard.path))],
            [bad for one in results if one.quarantine for bad in _bad(Path(one.quarantine))],
            sum(result.bad for result in results),
            job.splits[0].features.kinds,
        )


@contextlib.contextmanager
def _cut_up(reading: Reading) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for module in (csv_source, json_source, text_source):
            stack.enter_context(mock.patch.object(module, "BLOCK_BYTES", reading.block))
        for module in (csv_source, json_source):
            stack.enter_context(mock.patch.object(module, "_SAMPLE_BYTES", reading.sample))
        stack.enter_context(
            mock.patch.object(source, "range_count", lambda file: min(reading.ranges, file.size))
        )
        yield


def _rows(shard: Path) -> Iterator[dict[str, list[Any] | None]]:
    data = shard.read_bytes()
    place = 0
    while place < len(data):
        [length] = struct.unpack_from("<Q", data, place)
        place += 12
        yield _values(Example.FromString(data[place : place + length]))
        place += length + 4


def _values(example: Example) -> dict[str, list[Any] | None]:
    found = {}
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        found[name] = list(getattr(feature, kind).value) if kind else None
    return found


def _bad(quarantine: Path) -> Iterator[tuple[int, str]]:
    for line in quarantine.read_bytes().splitlines():
        row = json.loads(line)
        assert row["reason"]
        yield row["line"], row["text"]
