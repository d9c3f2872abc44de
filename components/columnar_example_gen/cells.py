"""Text cells as numbers, as Python's ``int`` and ``float`` take them, like CsvExampleGen.

Arrow's parsers do nearly all of the work. Where they and Python disagree, Python is asked, once
for each different text of the column: Arrow takes ``0x1F`` for a number and does not take
``+5``, ``1_000`` or blanks around a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import Array
from .kinds import Kind

_INT64 = np.iinfo(np.int64)
_INT64_DIGITS = 19
_PROBED = 256
_LONG_INTEGER = r"^\s*[+-]?[0-9_]+\s*$"
_NOT_PYTHONS = {Kind.INT: re.compile(rb"[xX]"), Kind.FLOAT: re.compile(rb"\(")}
_PARSED = {Kind.INT: pa.int64(), Kind.FLOAT: pa.float64()}

Number = int | float


def observe(cells: pa.Array, least: Kind) -> tuple[Kind, pa.Array]:
    """The least kind, from ``least`` on, that every cell has, and the cells as values of it.

    Args:
        cells: strings; null where the cell is empty.
    """
    if cells.null_count == len(cells):
        return least, pa.nulls(len(cells), least.arrow)
    if least <= Kind.INT:
        values = _all_as(cells, Kind.INT)
        if values is not None:
            return Kind.INT, values
    if least <= Kind.FLOAT and not _has_long_integer(cells):
        values = _all_as(cells, Kind.FLOAT)
        if values is not None:
            return Kind.FLOAT, _narrow(values)
    return Kind.BYTES, cells


def convert(cells: pa.Array, kind: Kind) -> tuple[pa.Array, Array | None]:
    """The cells as values of a kind, null where one is not, and a mask of those; None for none."""
    if kind in (Kind.UNKNOWN, Kind.BYTES):
        return cells, None
    values = _all_as(cells, kind)
    bad = None
    if values is None:
        values = _each_as(cells, kind)
        bad = np.asarray(pc.is_valid(cells)) & np.asarray(pc.is_null(values))
    return (_narrow(values) if kind is Kind.FLOAT else values), bad


def _narrow(values: pa.Array) -> pa.Array:
    return values.cast(pa.float32(), safe=False)


def _all_as(cells: pa.Array, kind: Kind) -> pa.Array | None:
    """The cells as numbers, or None if one of them is none."""
    # A failing cast of Arrow's costs as much as fifty that succeed.
    for some in (cells.slice(0, _PROBED), cells) if len(cells) > _PROBED else (cells,):
        values = _cast(some, kind)
        if values is None:
            values = _ask_python(some, kind)
        if values is None:
            return None
    return values


def _cast(cells: pa.Array, kind: Kind) -> pa.Array | None:
    if _NOT_PYTHONS[kind].search(_text(cells)):
        return None
    for form in (_same, pc.utf8_trim_whitespace):
        try:
            return form(cells).cast(_PARSED[kind])
        except pa.ArrowInvalid:
            continue
    return None


def _same(cells: pa.Array) -> pa.Array:
    return cells


def _text(cells: pa.Array) -> memoryview | bytes:
    """The characters of all cells in one piece."""
    _, offsets, data = cells.buffers()
    if data is None or not len(cells):
        return b""
    ends = np.frombuffer(offsets, np.int32)
    return memoryview(data)[ends[cells.offset] : ends[cells.offset + len(cells)]]


def _ask_python(cells: pa.Array, kind: Kind) -> pa.Array | None:
    encoded = cells.dictionary_encode()
    numbers = []
    for text in encoded.dictionary:
        number = _CONVERTERS[kind](text.as_py())
        if number is None:
            return None
        numbers.append(number)
    return pa.array(numbers, _PARSED[kind]).take(encoded.indices)


def _each_as(cells: pa.Array, kind: Kind) -> pa.Array:
    encoded = cells.dictionary_encode()
    numbers = [_CONVERTERS[kind](text.as_py()) for text in encoded.dictionary]
    return pa.array(numbers, _PARSED[kind]).take(encoded.indices)


def _int(text: str) -> Number | None:
    try:
        number = int(text.encode())
    except ValueError:
        return None
    return number if _INT64.min <= number <= _INT64.max else None


def _float(text: str) -> Number | None:
    try:
        return float(text.encode())
    except ValueError:
        return None


_CONVERTERS: dict[Kind, Callable[[str], Number | None]] = {Kind.INT: _int, Kind.FLOAT: _float}


def _has_long_integer(cells: pa.Array) -> bool:
    """Whether an integer is beyond int64; a column with one is text to CsvExampleGen."""
    lengths = pc.binary_length(cells)
    if pc.max(lengths).as_py() < _INT64_DIGITS:
        return False
    long = cells.filter(pc.greater_equal(lengths, _INT64_DIGITS))
    integers = long.filter(pc.match_substring_regex(long, _LONG_INTEGER)).unique()
    return any(_is_long(text.as_py()) for text in integers)


def _is_long(text: str) -> bool:
    try:
        return not _INT64.min <= int(text.encode()) <= _INT64.max
    except ValueError:
        return False
