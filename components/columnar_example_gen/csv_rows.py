"""Rows of delimited text as columns of text cells, and the rows that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from .arrays import Array
from .bad_rows import BadRow
from .blocks import Block, line_of, record_spans

NOT_TEXT = "not valid text in the file's encoding"
_STRAY_QUOTE = "a quote is never closed, or stands inside a field that is not quoted"


@dataclass(frozen=True)
class Dialect:
    """How delimited text is written.

    Attributes:
        encoding: a codec of Python's.
        column_names: for files without a header line; empty where the first line has the names.
        nulls: texts, besides nothing at all, that mean a missing value.
    """

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    column_names: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("delimiter", self.delimiter), ("quote", self.quote)):
            if len(value.encode()) > 1 or value in ("\n", "\r"):
                raise ValueError(f"{name} must be one ASCII character, not {value!r}")
        if not self.delimiter:
            raise ValueError("a delimiter is needed")


@dataclass(frozen=True)
class Rows:
    """The readable rows of a block.

    Attributes:
        cells: a string array for each column, null where a cell is empty.
        records: for each row its number among the block's records; None if every record is a row.
        bad: the records that are no rows, in order.
    """

    count: int
    cells: Sequence[pa.Array]
    records: Array | None = None
    bad: Sequence[BadRow] = field(default_factory=tuple)


class _Ragged(list[tuple[int, str]]):
    """Takes rows with another number of fields from Arrow's parser: their number and the reason."""

    def __call__(self, row: arrow_csv.InvalidRow) -> str:
        reason = f"{row.actual_columns} fields where the header has {row.expected_columns}"
        self.append((row.number - 1, reason))
        return "skip"


def read_rows(block: Block, names: Sequence[str], dialect: Dialect) -> Rows:
    """The rows of a block of UTF-8 text."""
    rows = _parse(block.data, names, dialect) if is_text(block.data) else None
    if rows is None or not _agrees(block.data, rows, dialect):
        return _salvage(block, names, dialect)
    table, ragged = rows
    cells = [column.combine_chunks() for column in table.columns]
    if not ragged:
        return Rows(table.num_rows, cells)
    starts, ends = record_spans(block.data, dialect.quote.encode())
    kept: Array = np.ones(len(starts), bool)
    kept[[number for number, _ in ragged]] = False
    bad = [bad_row(block, starts[i], ends[i], reason) for i, reason in ragged]
    return Rows(table.num_rows, cells, np.flatnonzero(kept), bad)


def bad_row(block: Block, start: int, end: int, reason: str) -> BadRow:
    """A record of the block as a bad row."""
    text = block.data[start:end].rstrip(b"\r\n").decode(errors="backslashreplace")
    return BadRow(block.file, line_of(block, start), reason, text)


def _parse(
    data: bytes, names: Sequence[str], dialect: Dialect
) -> tuple[pa.Table, Sequence[tuple[int, str]]] | None:
    """The table and the ragged rows, or None if Arrow cannot tell the rows apart at all."""
    ragged = _Ragged()
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=len(data) + 1, column_names=list(names)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                double_quote=bool(dialect.quote),
                newlines_in_values=bool(dialect.quote),
                invalid_row_handler=ragged,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                null_values=["", *dialect.nulls],
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table, ragged


def is_text(data: bytes) -> bool:
    """Whether bytes are valid UTF-8."""
    if data.isascii():
        return True
    offsets = np.array([0, len(data)], np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, buffers).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _agrees(data: bytes, rows: tuple[pa.Table, Sequence[Any]], dialect: Dialect) -> bool:
    """Whether Arrow's rows are the records that line breaks outside of quotes make.

    They differ where a quote stands inside an unquoted field, and at a carriage return without a
    line feed.
    """
    quote = dialect.quote.encode()
    has_quotes = bool(quote) and quote in data
    has_returns = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
    if not has_quotes and not has_returns:
        return True
    table, ragged = rows
    if quote and data.count(quote) & 1:
        return False
    return bool(len(record_spans(data, quote)[0]) == table.num_rows + len(ragged))


def _salvage(block: Block, names: Sequence[str], dialect: Dialect) -> Rows:
    """The rows of a block in which something hides where rows begin and end."""
    quote = dialect.quote.encode()
    starts, ends = record_spans(block.data, quote)
    reasons = dict(_broken(block.data, starts, ends, names, dialect, 0, len(starts)))
    kept = np.array([number for number in range(len(starts)) if number not in reasons], np.int64)
    data = b"".join(block.data[starts[i] : ends[i]] for i in kept)
    if kept.size and not data.endswith(b"\n"):
        data += b"\n"
    bad = {
        number: bad_row(block, starts[number], ends[number], reasons[number]) for number in reasons
    }
    empty = [pa.array([], pa.string()) for _ in names]
    if not kept.size:
        return Rows(0, empty, kept, [bad[number] for number in sorted(bad)])
    parsed = _parse(data, names, dialect)
    if parsed is None:
        raise ValueError(f"{block.file}: rows that were read one by one cannot be read together")
    table, ragged = parsed
    for place, reason in ragged:
        number = int(kept[place])
        bad[number] = bad_row(block, starts[number], ends[number], reason)
    rows = np.delete(kept, [place for place, _ in ragged])
    cells = [column.combine_chunks() for column in table.columns]
    return Rows(table.num_rows, cells, rows, [bad[number] for number in sorted(bad)])


def _broken(
    data: bytes,
    starts: Array,
    ends: Array,
    names: Sequence[str],
    dialect: Dialect,
    low: int,
    high: int,
) -> list[tuple[int, str]]:
    """The records in a range that cannot be read, found by halving it."""
    if low >= high:
        return []
    piece = data[starts[low] : ends[high - 1]]
    text = is_text(piece)
    quote = dialect.quote.encode()
    if text and not (quote and piece.count(quote) & 1):
        parsed = _parse(piece, names, dialect)
        if parsed is not None and parsed[0].num_rows + len(parsed[1]) == high - low:
            return []
    if high - low == 1:
        return [(low, _STRAY_QUOTE if text else NOT_TEXT)]
    middle = (low + high) // 2
    return [
        *_broken(data, starts, ends, names, dialect, low, middle),
        *_broken(data, starts, ends, names, dialect, middle, high),
    ]
