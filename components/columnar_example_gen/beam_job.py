"""The Beam pipeline: large files scanned for their records, then every unit ingested on its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.typehints import Any, Tuple

from . import results
from .files import InputFile
from .ranges import Range, Scan, join, scan
from .unit import Job, Unit, ingest


@dataclass(frozen=True)
class FileJob:
    """One file to be ingested.

    Attributes:
        split: of the input.
        place: of the file in its split.
        joined: whether the ranges are nominal, to be moved to where records begin.
    """

    split: int
    place: int
    file: InputFile
    ranges: Sequence[Range]
    joined: bool


_Key = Tuple[int, int]


def build(pipeline: beam.Pipeline, files: Sequence[FileJob], job: Job, results_folder: str) -> None:
    """Add everything to the pipeline; each unit's result is written to the folder."""
    ready = [
        unit
        for file in files
        if not file.joined
        for unit in _units(file.split, file.place, file.ranges)
    ]
    nominal = [
        ((file.split, file.place), one) for file in files if file.joined for one in file.ranges
    ]
    units = pipeline | "Units" >> beam.Create(ready, reshuffle=False).with_output_types(Any)
    if nominal:
        joined = (
            pipeline
            | "Ranges" >> beam.Create(nominal, reshuffle=False).with_output_types(Tuple[_Key, Any])
            | "SpreadRanges" >> beam.Reshuffle()
            | "Scan" >> beam.ParDo(_Scan(job)).with_output_types(Tuple[_Key, Any])
            | "ScansOfFile" >> beam.GroupByKey()
            | "Join" >> beam.FlatMapTuple(_join).with_output_types(Any)
        )
        units = (units, joined) | "AllUnits" >> beam.Flatten()
    # Results go through files, not through Beam: gathering them would cost three stages more.
    _ = (
        units
        | "Spread" >> beam.Reshuffle()
        | "Ingest" >> beam.ParDo(_Ingest(job, results_folder)).with_output_types(None)
    )


class _Scan(beam.DoFn):  # type: ignore[misc]
    def __init__(self, job: Job) -> None:
        self._quotes = [split.source.quote for split in job.splits]

    def process(self, element: tuple[tuple[int, int], Range]) -> Iterator[Any]:
        key, nominal = element
        yield key, scan(nominal, self._quotes[key[0]])


class _Ingest(beam.DoFn):  # type: ignore[misc]
    def __init__(self, job: Job, results_folder: str) -> None:
        self._job = job
        self._results = results_folder

    def process(self, unit: Unit) -> None:
        results.save(ingest(unit, self._job), self._results)


def _join(key: tuple[int, int], scans: Iterable[Scan]) -> list[Unit]:
    return _units(*key, join(scans))


def _units(split: int, place: int, ranges: Sequence[Range]) -> list[Unit]:
    return [Unit(split, (place, index), one) for index, one in enumerate(ranges)]
