"""Rows of delimited text as columns of text cells, and the rows that cannot be read."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from .arrays import Array
from .bad_rows import BadRow
from .blocks import Block, lines_of, record_spans
from .misplaced import misplaced
from .text import is_text, not_text, shown


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
        if not isinstance(self.encoding, str):
            raise ValueError(f"encoding must be a name, not {self.encoding!r}")
        for name, value in (("delimiter", self.delimiter), ("quote", self.quote)):
            is_one = isinstance(value, str) and value.isascii() and len(value) <= 1
            if not is_one or value in ("\n", "\r", "\0"):
                raise ValueError(f"{name} must be one ASCII character, not {value!r}")
        if not self.delimiter:
            raise ValueError("a delimiter is needed")
        if self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are the same: {self.quote!r}")
        for key, texts in (("column_names", self.column_names), ("nulls", self.nulls)):
            if not isinstance(texts, tuple) or not all(isinstance(one, str) for one in texts):
                raise ValueError(f"{key} must be a list of texts, not {texts!r}")


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
    reasons: dict[int, str] = {}
    data, records = block.data, None
    if not _is_simple(data, dialect):
        starts, ends = record_spans(data, dialect.quote.encode())
        reasons = not_text(data, starts, ends)
        reasons.update(misplaced(data, starts, ends, dialect.delimiter, dialect.quote))
        records = np.delete(np.arange(len(starts)), list(reasons))
        if reasons:
            data = b"".join(data[starts[i] : ends[i]] for i in records)
            data += b"" if data.endswith(b"\n") or not data else b"\n"
    table, ragged = _parse(block, data, names, dialect)
    if records is not None and table.num_rows + len(ragged) != len(records):
        raise ValueError(
            f"{block.file}: of {len(records)} records from line {block.first_line} on, Arrow finds "
            f"{table.num_rows + len(ragged)}"
        )
    cells = [column.combine_chunks() for column in table.columns]
    if not ragged and not reasons:
        return Rows(table.num_rows, cells)
    if records is None:
        starts, ends = record_spans(data, dialect.quote.encode())
        records = np.arange(len(starts))
    reasons.update((int(records[place]), reason) for place, reason in ragged)
    rows = np.delete(records, [place for place, _ in ragged])
    return Rows(table.num_rows, cells, rows, bad_rows(block, starts, ends, reasons))


def bad_rows(block: Block, starts: Array, ends: Array, reasons: Mapping[int, str]) -> list[BadRow]:
    """Records of the block, by their numbers, as bad rows in their order."""
    numbers = sorted(reasons)
    return [
        BadRow(block.file, line, reasons[i], shown(block.data[starts[i] : ends[i]].rstrip(b"\r\n")))
        for i, line in zip(numbers, lines_of(block, starts[numbers]), strict=True)
    ]


def _is_simple(data: bytes, dialect: Dialect) -> bool:
    """Whether every line is a record, and all of it text."""
    quote = dialect.quote.encode()
    has_returns = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
    return not has_returns and not (quote and quote in data) and is_text(data)


def _parse(
    block: Block, data: bytes, names: Sequence[str], dialect: Dialect
) -> tuple[pa.Table, Sequence[tuple[int, str]]]:
    """The table, and number and reason of each ragged row."""
    ragged = _Ragged()
    if not data:
        return pa.table([pa.array([], pa.string()) for _ in names], names=list(names)), ragged
    if data.startswith(codecs.BOM_UTF8):
        # Arrow leaves one out, as at a file's beginning. Here it is the first cell's.
        data = codecs.BOM_UTF8 + data
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
    except pa.ArrowInvalid as error:
        raise ValueError(f"{block.file}: from line {block.first_line} on: {error}") from error
    return table, ragged
