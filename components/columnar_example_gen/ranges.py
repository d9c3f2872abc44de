"""Large text files in ranges that begin and end with a record, quotes regarded.

Whether a line break ends a record depends on all quotes before it. So every range is scanned by
itself for both cases, inside and outside of quotes, and afterwards the counts of quotes say which
of the two it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .arrays import Array
from .blocks import BLOCK_BYTES
from .files import InputFile, opened

_MANY = 16
_LEAST_BYTES, _MOST_BYTES = 16 << 20, 64 << 20


@dataclass(frozen=True)
class Range:
    """Bytes ``start`` to ``end`` of a file; None is its end, wherever that is.

    Attributes:
        first_line: the line of the file that it begins with, from 1.
    """

    file: InputFile
    start: int
    end: int | None
    first_line: int = 1


@dataclass(frozen=True)
class Scan:
    """What was found in a range.

    Attributes:
        first: where the first record ends, if the range begins outside of quotes and if inside;
            None where none does.
        lines: line breaks up to there, for each of the two.
    """

    range: Range
    quotes: int
    breaks: int
    first: tuple[int | None, int | None]
    lines: tuple[int, int]


def range_count(file: InputFile) -> int:
    """How many ranges of equal size a file is read in.

    So many that several processors have about as much to do each, and each range, which has output
    files of its own, is worth them.
    """
    size = min(_MOST_BYTES, max(_LEAST_BYTES, file.size // _MANY))
    return max(1, round(file.size / size))


def cut(file: InputFile, count: int) -> list[Range]:
    """So many ranges of about equal size, without regard to records."""
    edges = [file.size * index // count for index in range(count + 1)]
    return [Range(file, start, end) for start, end in pairwise(edges)]


def scan(nominal: Range, quote: bytes) -> Scan:
    """Count a range's quotes and line breaks, and find its first record end for both cases."""
    quotes = breaks = 0
    first: list[int | None] = [None, None]
    lines = [0, 0]
    for offset, data in _pieces(nominal):
        if None in first:
            ends = _ends(data, quote, quotes & 1)
            for inside, end in enumerate(ends):
                if first[inside] is None and end is not None:
                    first[inside] = offset + end
                    lines[inside] = breaks + data.count(b"\n", 0, end)
        quotes += data.count(quote) if quote else 0
        breaks += data.count(b"\n")
    return Scan(nominal, quotes, breaks, (first[0], first[1]), (lines[0], lines[1]))


def join(scans: Iterable[Scan]) -> list[Range]:
    """One file's ranges, moved to where records begin; one with no record end joins the former."""
    ordered = sorted(scans, key=lambda one: one.range.start)
    edges = [(ordered[0].range.start, 1)]
    quotes, breaks = ordered[0].quotes, ordered[0].breaks
    for one in ordered[1:]:
        inside = quotes & 1
        edge = one.first[inside]
        if edge is not None:
            edges.append((edge, 1 + breaks + one.lines[inside]))
        quotes += one.quotes
        breaks += one.breaks
    return list(_between(ordered[0].range.file, edges))


def _between(file: InputFile, edges: Sequence[tuple[int, int]]) -> Iterator[Range]:
    for index, (start, line) in enumerate(edges):
        end = edges[index + 1][0] if index + 1 < len(edges) else file.size
        if start < end:
            yield Range(file, start, end, line)


def _pieces(nominal: Range) -> Iterator[tuple[int, bytes]]:
    with opened(nominal.file) as stream:
        stream.seek(nominal.start)
        offset = nominal.start
        assert nominal.end is not None
        while offset < nominal.end:
            data = stream.read(min(BLOCK_BYTES, nominal.end - offset))
            if not data:
                return
            yield offset, data
            offset += len(data)


def _ends(data: bytes, quote: bytes, parity: int) -> tuple[int | None, int | None]:
    """The end of the first record, begun outside and inside of quotes, after so many quotes."""
    if not quote or quote not in data:
        found = data.find(b"\n") + 1 or None
        return (None, found) if parity else (found, None)
    characters: Array = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(characters == ord("\n"))
    inside = (np.searchsorted(np.flatnonzero(characters == ord(quote)), breaks) + parity) & 1
    outer, inner = breaks[inside == 0], breaks[inside == 1]
    return (
        int(outer[0]) + 1 if len(outer) else None,
        int(inner[0]) + 1 if len(inner) else None,
    )
