"""Encodes columns as serialized tf.Examples, a whole batch at once.

The bytes of a row are laid together from pieces made column by column: the head of each feature,
which depends only on the length of what follows, and its values. They are the bytes of Python's
``SerializeToString(deterministic=True)`` (features in its order), of which TFX takes the hash
that decides a row's split. tfx_bsl's encoder makes a message for each row and leaves the order of
its features open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import Array
from .kinds import Kind
from .order import serialized_order
from .varints import varint, varints

_FIELD_1 = b"\x0a"
_FIELD_2 = b"\x12"
_LIST_TAG = {Kind.BYTES: b"\x0a", Kind.FLOAT: b"\x12", Kind.INT: b"\x1a"}

# What a row holds of a feature, as one number: no kind, a list without values, or the length of its
# values, counted from 2.
_NO_KIND, _NO_VALUES, _VALUES = 0, 1, 2
_DENSE_CODES = 1 << 20


@dataclass(frozen=True)
class Column:
    """One feature of a batch of rows.

    Attributes:
        values: int64, float32 or binary, or lists of these; of kind UNKNOWN only the length counts.
        null_has_kind: a null is a list of the column's kind without values, as CsvExampleGen writes
            it; otherwise a feature without a kind.
    """

    name: str
    kind: Kind
    values: pa.Array
    null_has_kind: bool = True


@dataclass(frozen=True)
class _Wire:
    """A column's values as bytes: for each row its code, and what follows the feature's head."""

    codes: Array
    payload: pa.Array
    payload_is_list: bool

    def heads(self, make: Callable[[int], bytes]) -> tuple[pa.Array | pa.Scalar, Array | int]:
        return _by_code(self.codes, make)


def encode_examples(columns: Sequence[Column], rows: int) -> pa.Array:
    """Serialized tf.Examples of ``rows`` rows, as one binary array."""
    pieces: list[Any] = []
    lengths: Array = np.zeros(rows, np.int64)
    by_name = {column.name: column for column in columns}
    for name in serialized_order(tuple(by_name)):
        column = by_name[name]
        wire = _wire(column)
        heads, head_lengths = wire.heads(_entry_head(column, wire.payload_is_list))
        pieces += [heads, wire.payload]
        lengths += head_lengths
        lengths += np.maximum(wire.codes - _VALUES, 0)
    start, _ = _by_code(lengths, lambda length: _FIELD_1 + varint(length))
    return _join([start, *pieces], rows)


def encode_feature(column: Column) -> pa.Array:
    """The serialized Feature of each row, as one binary array."""
    wire = _wire(column)
    heads, _ = wire.heads(lambda code: _feature_head(column.kind, code, wire.payload_is_list))
    return _join([heads, wire.payload], len(column.values))


def _join(pieces: list[Any], rows: int) -> pa.Array:
    joined = pc.binary_join_element_wise(*pieces, pa.scalar(b""))
    # Of constants alone the join is one constant.
    return pa.repeat(joined, rows) if isinstance(joined, pa.Scalar) else joined


def _entry_head(column: Column, payload_is_list: bool) -> Callable[[int], bytes]:
    name = column.name.encode()
    key = _FIELD_1 + varint(len(name)) + name

    def make(code: int) -> bytes:
        head = _feature_head(column.kind, code, payload_is_list)
        feature_length = len(head) + max(code - _VALUES, 0)
        value = _FIELD_2 + varint(feature_length) + head
        entry_length = len(key) + len(value) + max(code - _VALUES, 0)
        return _FIELD_1 + varint(entry_length) + key + value

    return make


def _feature_head(kind: Kind, code: int, payload_is_list: bool) -> bytes:
    if code == _NO_KIND:
        return b""
    tag = _LIST_TAG[kind]
    if code == _NO_VALUES:
        return tag + varint(0)
    length = code - _VALUES
    inner = b"" if payload_is_list else _FIELD_1 + varint(length)
    return tag + varint(len(inner) + length) + inner


def _by_code(
    codes: Array, make: Callable[[int], bytes]
) -> tuple[pa.Array | pa.Scalar, Array | int]:
    """What ``make`` says to each code, and its length; made once for each different code."""
    if len(codes) and int(codes.max()) < _DENSE_CODES:
        present = np.zeros(int(codes.max()) + 1, bool)
        present[codes] = True
        different = np.flatnonzero(present)
        places = np.zeros(len(present), np.int32)
        places[different] = np.arange(len(different), dtype=np.int32)
        index = places[codes] if len(different) > 1 else None
    else:
        different, index = np.unique(codes, return_inverse=True)
    made = [make(int(code)) for code in different]
    if len(made) == 1:
        return pa.scalar(made[0]), len(made[0])
    lengths = np.fromiter(map(len, made), np.int64, len(made))
    return pa.array(made, pa.binary()).take(pa.array(index, pa.int32())), lengths[index]


def _wire(column: Column) -> _Wire:
    values = column.values
    null_code = _NO_VALUES if column.null_has_kind else _NO_KIND
    if column.kind is Kind.UNKNOWN or pa.types.is_null(values.type):
        kind_code = _NO_KIND if column.kind is Kind.UNKNOWN else null_code
        return _Wire(np.full(len(values), kind_code), pa.scalar(b""), False)
    valid = np.asarray(pc.is_valid(values)) if values.null_count else None
    if _is_list(values.type):
        return _lists(column, valid, null_code)
    if column.kind is Kind.BYTES:
        return _texts(values, valid, null_code)
    numbers = values.drop_null() if valid is not None else values
    data, each = _numbers(column.kind, numbers)
    if valid is None:
        lengths = each
    else:
        lengths = np.zeros(len(values), np.int64)
        lengths[valid] = each
    codes = lengths + _VALUES if valid is None else np.where(valid, lengths + _VALUES, null_code)
    return _Wire(codes, _binary(data, lengths), False)


def _numbers(kind: Kind, numbers: pa.Array) -> tuple[Array, Array]:
    plain = numbers.to_numpy(zero_copy_only=False)
    if kind is Kind.INT:
        return varints(np.ascontiguousarray(plain, np.int64))
    data = np.ascontiguousarray(plain, "<f4").view(np.uint8)
    return data, np.full(len(plain), 4, np.int64)


def _texts(values: pa.Array, valid: Array | None, null_code: int) -> _Wire:
    payload = _as_binary(values)
    lengths = _lengths(payload)
    if valid is None:
        return _Wire(lengths + _VALUES, payload, False)
    return _Wire(np.where(valid, lengths + _VALUES, null_code), payload, False)


def _lists(column: Column, valid: Array | None, null_code: int) -> _Wire:
    counts = np.asarray(pc.fill_null(pc.list_value_length(column.values), 0)).astype(np.int64)
    ends = np.cumsum(counts)
    flat = column.values.flatten()
    if flat.null_count:
        raise ValueError(f"column {column.name!r} has a null inside of a list")
    if column.kind is Kind.BYTES:
        texts = _as_binary(flat)
        heads, _ = _by_code(_lengths(texts), lambda length: _FIELD_1 + varint(length))
        data, each = _split(_join([heads, texts], len(texts)))
    else:
        data, each = _numbers(column.kind, flat)
    upto = np.concatenate(([0], np.cumsum(each)))
    offsets = upto[np.concatenate(([0], ends))]
    lengths = np.diff(offsets)
    codes = np.where(lengths > 0, lengths + _VALUES, _NO_VALUES)
    if valid is not None:
        codes = np.where(valid, codes, null_code)
    return _Wire(codes, _binary(data, lengths), column.kind is Kind.BYTES)


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _as_binary(values: pa.Array) -> pa.Array:
    """The same values as type binary without nulls, which become empty; copied only if need be."""
    plain = values if pa.types.is_binary(values.type) else values.cast(pa.binary())
    if plain.null_count:
        plain = pc.fill_null(plain, b"")
    _, offsets, data = plain.buffers()
    buffers = [None, offsets, data if data is not None else pa.py_buffer(b"")]
    return pa.Array.from_buffers(pa.binary(), len(plain), buffers, 0, plain.offset)


def _offsets(values: pa.Array) -> Array:
    whole = np.frombuffer(values.buffers()[1], np.int32)
    return whole[values.offset : values.offset + len(values) + 1].astype(np.int64)


def _lengths(values: pa.Array) -> Array:
    return np.diff(_offsets(values)) if len(values) else np.zeros(0, np.int64)


def _split(values: pa.Array) -> tuple[Array, Array]:
    if not len(values):
        return np.zeros(0, np.uint8), np.zeros(0, np.int64)
    offsets = _offsets(values)
    data = np.frombuffer(values.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    return data, np.diff(offsets)


def _binary(data: Array, lengths: Array) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.binary(), len(lengths), buffers)
