"""Cuts a stream of text into blocks that end with a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from headrace.errors import HeadraceError

from .arrays import Array

BLOCK_BYTES = 2 << 20
_LONGEST_RECORD = 256 << 20


@dataclass(frozen=True)
class Block:
    """Whole records of one file.

    Attributes:
        first_line: number of the first record's first line in the file, from 1.
    """

    file: str
    data: bytes
    first_line: int


def read_blocks(
    file: str,
    read: Callable[[int], bytes],
    first_line: int,
    quote: bytes,
    size: int = BLOCK_BYTES,
) -> Iterator[Block]:
    """Blocks of about so many bytes until ``read`` returns nothing.

    Args:
        quote: the character between two of which a line break ends no record; empty for none.

    Raises:
        HeadraceError: a record is longer than any that is meant.
    """
    waiting: list[bytes] = []
    open_quotes = held = 0
    while piece := read(size):
        end = last_record_end(piece, quote, open_quotes)
        if end:
            block = b"".join((*waiting, piece[:end]))
            yield Block(file, block, first_line)
            first_line += block.count(b"\n")
            waiting, open_quotes, held, piece = [], 0, 0, piece[end:]
        waiting.append(piece)
        held += len(piece)
        open_quotes ^= piece.count(quote) & 1 if quote else 0
        if held > _LONGEST_RECORD:
            raise HeadraceError(
                f"{file}:{first_line}: a record of more than {_LONGEST_RECORD >> 20} MB",
                "a quote is probably never closed; mend the file",
            )
    if rest := b"".join(waiting):
        yield Block(file, rest, first_line)


def last_record_end(data: bytes, quote: bytes, open_quotes: int = 0) -> int:
    """Where the last complete record ends: after a line break outside of quotes; 0 for none.

    Args:
        open_quotes: whether the data begin inside of quotes, 0 or 1.
    """
    end = data.rfind(b"\n") + 1
    if not quote or not end or not (open_quotes + data.count(quote, 0, end)) & 1:
        return end
    characters: Array = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(characters == ord("\n"))
    quotes = np.searchsorted(np.flatnonzero(characters == ord(quote)), breaks) + open_quotes
    outer = breaks[quotes & 1 == 0]
    return int(outer[-1]) + 1 if len(outer) else 0


def record_spans(data: bytes, quote: bytes) -> tuple[Array, Array]:
    """Start and end of each record that is not blank; the line break belongs to the record.

    A line break is a line feed with the carriage returns before it, or carriage returns at the end.
    """
    characters = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(characters == ord("\n"))
    if quote and quote in data:
        quotes = np.flatnonzero(characters == ord(quote))
        breaks = breaks[np.searchsorted(quotes, breaks) & 1 == 0]
    ends = breaks + 1
    if data and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, len(data))
    starts = np.concatenate(([0], ends[:-1])) if len(ends) else ends
    first = characters[starts] if len(starts) else characters[:0]
    blank = first == ord("\n")
    for record in np.flatnonzero(first == ord("\r")).tolist():
        blank[record] = not data[starts[record] : ends[record]].strip(b"\r\n")
    return starts[~blank], ends[~blank]


def lines_of(block: Block, positions: Array) -> list[int]:
    """The lines of the file that positions in the block are on."""
    breaks = np.flatnonzero(np.frombuffer(block.data, np.uint8) == ord("\n"))
    return (block.first_line + np.searchsorted(breaks, positions)).tolist()  # type: ignore[no-any-return]
