"""Lines of JSON as an Arrow table, and the lines that are no objects.

Arrow does all of the work where a block has nothing odd in it. A block with a line that is no
object, an integer of more than 64 bits, or values of several types under one name is Python's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.json as arrow_json

from headrace.errors import HeadraceError

from .arrays import Array
from .blocks import Block, lines_of, record_spans
from .json_objects import Objects
from .kinds import Kind
from .text import is_text, not_text

_LONG_INTEGER = re.compile(rb"[:\[,]\s*-?[0-9]{19,}\s*[,\]}]")
_NOT_ARROWS = "not JSON that can be read"


def lines(data: bytes) -> tuple[Array, Array]:
    """Start and end of each line that is not blank."""
    starts, ends = record_spans(data, b"")
    blank = [
        place
        for place in np.flatnonzero(np.frombuffer(data, np.uint8)[starts] <= ord(" "))
        if not data[starts[place] : ends[place]].strip()
    ]
    return np.delete(starts, blank), np.delete(ends, blank)


def parse(
    block: Block, starts: Array, ends: Array, given: Mapping[str, Kind]
) -> tuple[pa.Table, dict[int, str]]:
    """A row for each line that is an object, and of the others, by their numbers, the reason.

    Raises:
        HeadraceError: values under one name are of types that are no one kind, and none is given.
    """
    data = block.data
    if _begin_objects(data, starts, ends) and not _LONG_INTEGER.search(data) and is_text(data):
        table = _parse(data)
        if table is not None and table.num_rows == len(starts):
            return table, {}
    reasons = not_text(data, starts, ends)
    objects = Objects(given)
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        if number not in reasons:
            objects.add(number, data[start:end])
    conflict = objects.conflict()
    if conflict is not None:
        first, second = lines_of(block, starts[[conflict.first, conflict.second]])
        raise HeadraceError(
            f"{block.file}:{second}: {conflict.name!r} is {conflict.second_type}, and is "
            f"{conflict.first_type} in line {first}",
            "make the values of one type, or give a schema that says what it is",
        )
    reasons.update(objects.reasons)
    return _parse_settled(objects.texts(), reasons), reasons


def _begin_objects(data: bytes, starts: Array, ends: Array) -> bool:
    """Whether each line begins as an object.

    Arrow takes a line that is null for an object without anything, and a process does not outlive
    one that comes before all objects.
    """
    others = np.flatnonzero(np.frombuffer(data, np.uint8)[starts] != ord("{"))
    return all(data[starts[one] : ends[one]].lstrip().startswith(b"{") for one in others)


def _parse_settled(texts: dict[int, bytes], reasons: dict[int, str]) -> pa.Table:
    """Objects that agree; those that Arrow nevertheless cannot read become bad."""
    table = _parse(_joined(texts))
    if table is not None and table.num_rows == len(texts):
        return table
    for number, text in list(texts.items()):
        alone = _parse(text + b"\n")
        if alone is None or alone.num_rows != 1:
            reasons[number] = _NOT_ARROWS
            del texts[number]
    table = _parse(_joined(texts))
    if table is None or table.num_rows != len(texts):
        raise ValueError("objects that can be read one by one cannot be read together")
    return table


def _joined(texts: dict[int, bytes]) -> bytes:
    return b"".join(text + b"\n" for text in texts.values())


def _parse(data: bytes) -> pa.Table | None:
    if not data:
        return pa.table({})
    try:
        table = _read(data, pa.schema([]))
        # Arrow takes texts that look like a time for one. Texts are to stay what they are.
        times = [one for one in table.schema if _without_times(one.type) != one.type]
        if times:
            plain = [pa.field(one.name, _without_times(one.type)) for one in times]
            table = _read(data, pa.schema(plain)).select(table.column_names)
        # Of a list that begins with nulls Arrow loses these, and later lists get others' values.
        table.validate()
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
