"""The Beam pipeline: large files scanned for their records, then every unit ingested on its own."""

# No "from __future__ import annotations": Beam reads the types of process methods.

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import apache_beam as beam

from headrace.errors import HeadraceError

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
    units = pipeline | "Units" >> beam.Create(ready, reshuffle=False)
    if nominal:
        joined = (
            pipeline
            | "Ranges" >> beam.Create(nominal, reshuffle=False)
            | "SpreadRanges" >> beam.Reshuffle()
            | "Scan" >> beam.ParDo(_Scan(job))
            | "ScansOfFile" >> beam.GroupByKey()
            | "Join" >> beam.FlatMapTuple(_join)
        )
        units = (units, joined) | "AllUnits" >> beam.Flatten()
    # Results go through files, not through Beam: gathering them would cost three stages more.
    _ = units | "Spread" >> beam.Reshuffle() | "Ingest" >> beam.ParDo(_Ingest(job, results_folder))


class _Scan(beam.DoFn):  # type: ignore[misc]
    def __init__(self, job: Job) -> None:
        self._quotes = [split.source.quote for split in job.splits]

    def process(self, element: tuple[tuple[int, int], Range]) -> list[tuple[tuple[int, int], Scan]]:
        key, nominal = element
        return [(key, scan(nominal, self._quotes[key[0]]))]


class _Ingest(beam.DoFn):  # type: ignore[misc]
    """Ingests units until one of them fails for a reason that the user can act on.

    Such a failure goes the way of results: runners would retry it and bury its message.
    """

    def __init__(self, job: Job, results_folder: str) -> None:
        self._job = job
        self._results = results_folder

    def process(self, unit: Unit) -> list[None]:
        if not results.has_failed(self._results):
            try:
                results.save(ingest(unit, self._job), self._results)
            except HeadraceError as error:
                results.save_failure(error, self._results)
        return []


def _join(key: tuple[int, int], scans: Iterable[Scan]) -> list[Unit]:
    return _units(*key, join(scans))


def _units(split: int, place: int, ranges: Sequence[Range]) -> list[Unit]:
    return [Unit(split, (place, index), one) for index, one in enumerate(ranges)]
