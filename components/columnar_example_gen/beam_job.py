"""The Beam pipeline: large files scanned for their records, then every unit ingested on its own."""

# No "from __future__ import annotations": Beam reads the types of process methods.

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam

from headrace.errors import HeadraceError

from . import results
from .files import InputFile
from .ranges import Range, Scan, join, scan
from .unit import Job, Unit, ingest

_UNITS = 16
_SMALL_BYTES = (1 << 20, 16 << 20)
"""So many bytes of small files are at least, and at most, read as one unit."""
_SMALL_FILES = 64


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
    ready = list(grouped([file for file in files if not file.joined]))
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
    return [Unit(split, (place, index), (one,)) for index, one in enumerate(ranges)]


def grouped(files: Sequence[FileJob]) -> Iterator[Unit]:
    """The units of files: their ranges, or several small files, which then share shards."""
    least, most = _SMALL_BYTES
    most = min(max(_bytes(files) // _UNITS, least), most)
    group: list[FileJob] = []
    for file in files:
        fits = len(group) < _SMALL_FILES and _bytes([*group, file]) <= most
        if group and (len(file.ranges) > 1 or file.split != group[0].split or not fits):
            yield _together(group)
            group = []
        if len(file.ranges) > 1:
            yield from _units(file.split, file.place, file.ranges)
        else:
            group.append(file)
    if group:
        yield _together(group)


def _bytes(files: Sequence[FileJob]) -> int:
    return sum(file.file.size for file in files)


def _together(files: Sequence[FileJob]) -> Unit:
    ranges = tuple(one for file in files for one in file.ranges)
    return Unit(files[0].split, (files[0].place, 0), ranges)
