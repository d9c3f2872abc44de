"""JSON lines: one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.json as arrow_json

from headrace.errors import HeadraceError

from .arrays import Array
from .arrow_columns import flattened, kind_of, typed_columns
from .bad_rows import BadRow
from .blocks import BLOCK_BYTES, Block, read_blocks, record_spans
from .csv_rows import NOT_TEXT, bad_row, is_text
from .decoding import Decoded, Features
from .files import InputFile, opened
from .kinds import Kind, widest
from .ranges import Range
from .source import sampled, text_ranges
from .text import reader

_SAMPLED_FILES = 8
_SAMPLE_BYTES = 1 << 20
_LONG_INTEGER = re.compile(rb"[:\[,]\s*-?[0-9]{19,}\s*[,\]}]")
_INT64 = range(-(2**63), 2**63)
_NOT_JSON = "not one JSON object"
_TOO_LONG = "an integer of more than 64 bits"
_MIXED = re.compile(r"Column\(/(.*)\) changed from (\w+) to (\w+)")


@dataclass(frozen=True)
class JsonSource:
    """Reads JSON lines.

    Numbers, texts, booleans and lists of these are features; so are the parts of an object in an
    object, as ``outer.inner``.
    """

    encoding: str
    is_text: ClassVar[bool] = True
    quote: ClassVar[bytes] = b""

    def features(self, files: Sequence[InputFile], given: Mapping[str, Kind]) -> Features:
        """Names and kinds from the beginnings of some files."""
        with ThreadPoolExecutor(_SAMPLED_FILES) as pool:
            kinds = list(pool.map(self._sampled_kinds, sampled(files, _SAMPLED_FILES)))
        merged = widest(kinds)
        if not merged:
            raise HeadraceError(f"{files[0].path} and the files beside it hold no JSON object")
        known = {**merged, **{name: given[name] for name in merged if name in given}}
        return Features(known, frozenset(given).intersection(known))

    def ranges(self, file: InputFile) -> list[Range]:
        """Nominal ranges of bytes."""
        return text_ranges(file, self.encoding)

    def blocks(self, piece: Range) -> Iterator[Block]:
        """The range's lines."""
        yield from self._blocks(piece, BLOCK_BYTES)

    def decode(self, block: Block, features: Features) -> Decoded:
        """The block's objects; a line that is none is bad."""
        starts, ends = _lines(block.data)
        table, bad = _parse_lines(block, starts, ends)
        rows = np.delete(np.arange(len(starts)), sorted(bad))
        reasons = {line: bad_row(block, starts[line], ends[line], bad[line]) for line in bad}
        typed = typed_columns(flattened(table), features, table.num_rows)
        if typed.refused:
            kept, dropped = typed.without_refused(table.num_rows)
            for row in np.flatnonzero(dropped):
                line = int(rows[row])
                reasons[line] = bad_row(block, starts[line], ends[line], typed.reason(int(row)))
            return _decoded(len(rows) - int(dropped.sum()), kept, reasons)
        return _decoded(table.num_rows, typed, reasons)

    def _blocks(self, piece: Range, size: int) -> Iterator[Block]:
        with opened(piece.file) as stream:
            read = reader(stream, piece, self.encoding)
            yield from read_blocks(piece.file.path, read, piece.first_line, self.quote, size)

    def _sampled_kinds(self, file: InputFile) -> dict[str, Kind]:
        block = next(self._blocks(Range(file, 0, None), _SAMPLE_BYTES), None)
        if block is None:
            return {}
        table, _ = _parse_lines(block, *_lines(block.data))
        arrays = flattened(table)
        return {name: kind_of(name, array.type) for name, array in arrays.items()}


def _decoded(rows: int, typed: Any, reasons: Mapping[int, BadRow]) -> Decoded:
    return Decoded(rows, typed.columns, typed.kinds, [reasons[line] for line in sorted(reasons)])


def _lines(data: bytes) -> tuple[Array, Array]:
    """The lines that are not blank."""
    starts, ends = record_spans(data, b"")
    filled = [
        place
        for place in np.flatnonzero(np.frombuffer(data, np.uint8)[starts] <= ord(" "))
        if not data[starts[place] : ends[place]].strip()
    ]
    return np.delete(starts, filled), np.delete(ends, filled)


def _parse_lines(block: Block, starts: Array, ends: Array) -> tuple[pa.Table, dict[int, str]]:
    """A row for each line that is an object, and of the others the reason."""
    data = block.data
    bad = dict.fromkeys(_with_long_integers(data, starts, ends), _TOO_LONG)
    table = None if bad or not is_text(data) else _parse(data)
    if table is not None and table.num_rows == len(starts):
        return table, bad
    for line, reason in _broken(data, starts, ends, 0, len(starts)):
        bad[line] = reason
    kept = [data[starts[i] : ends[i]].rstrip() for i in range(len(starts)) if i not in bad]
    table = _parse(b"\n".join(kept) + b"\n") if kept else pa.table({})
    if table is None or table.num_rows != len(kept):
        conflict = _conflict(b"\n".join(kept))
        raise HeadraceError(
            f"{block.file}:{block.first_line}: {conflict}",
            "make every line's values of one type, list or not",
        )
    return table, bad


def _parse(data: bytes) -> pa.Table | None:
    try:
        table = _read(data, pa.schema([]))
        # Arrow takes texts that look like a time for one. Texts are to stay what they are.
        times = [one for one in table.schema if _without_times(one.type) != one.type]
        if times:
            plain = [pa.field(one.name, _without_times(one.type)) for one in times]
            table = _read(data, pa.schema(plain)).select(table.column_names)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    return table


def _read(data: bytes, explicit: pa.Schema) -> pa.Table:
    return arrow_json.read_json(
        pa.BufferReader(data),
        arrow_json.ReadOptions(use_threads=False, block_size=len(data) + 1),
        arrow_json.ParseOptions(explicit_schema=explicit, newlines_in_values=False),
    )


def _without_times(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_temporal(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_without_times(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(one.name, _without_times(one.type)) for one in kind])
    return kind


def _broken(data: bytes, starts: Array, ends: Array, low: int, high: int) -> list[tuple[int, str]]:
    """The lines in a range that are no object, found by halving it."""
    if low >= high:
        return []
    piece = data[starts[low] : ends[high - 1]]
    text = is_text(piece)
    if text:
        table = _parse(piece)
        if table is not None and table.num_rows == high - low:
            return []
    if high - low == 1:
        return [(low, _NOT_JSON if text else NOT_TEXT)]
    middle = (low + high) // 2
    first = _broken(data, starts, ends, low, middle)
    return [*first, *_broken(data, starts, ends, middle, high)]


def _with_long_integers(data: bytes, starts: Array, ends: Array) -> list[int]:
    """Lines with an integer of more than 64 bits, which Arrow would round."""
    places = [found.start() for found in _LONG_INTEGER.finditer(data)]
    lines = np.unique(np.searchsorted(starts, places, side="right") - 1) if places else []
    return [int(line) for line in lines if _is_too_long(data[starts[line] : ends[line]])]


def _is_too_long(line: bytes) -> bool:
    found: list[int] = []
    try:
        json.loads(line, parse_int=lambda digits: found.append(int(digits)))
    except ValueError:
        return False
    return any(number not in _INT64 for number in found)


def _conflict(data: bytes) -> str:
    try:
        _read(data, pa.schema([]))
    except pa.ArrowInvalid as error:
        found = _MIXED.search(str(error))
        if found:
            return f"{found[1]!r} is a {found[2]} in one line and a {found[3]} in another"
        return str(error)
    return "lines and objects do not correspond"
