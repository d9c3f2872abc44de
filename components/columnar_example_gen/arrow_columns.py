"""Typed Arrow columns, from Parquet, Arrow or JSON, as columns of examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.errors import HeadraceError

from .arrays import Array
from .cells import convert
from .decoding import Features
from .encoding import Column
from .kinds import Kind
from .plain import is_list as _is_list
from .plain import plain, plain_type
from .text import is_text

_INT64 = np.iinfo(np.int64)


Refused = tuple[Array, str]
"""A mask of rows that have a bad value, and the reason."""


@dataclass(frozen=True)
class Typed:
    """Columns, their kinds as seen, and the rows with a value that no example can hold."""

    columns: Sequence[Column]
    kinds: Mapping[str, Kind]
    refused: Sequence[Refused] = ()

    def without_refused(self, rows: int) -> tuple[Typed, Array]:
        """Only the rows that are all right, and a mask of the others."""
        dropped: Array = np.zeros(rows, bool)
        for mask, _ in self.refused:
            dropped |= mask
        kept = pa.array(~dropped)
        columns = [replace(one, values=one.values.filter(kept)) for one in self.columns]
        return Typed(columns, self.kinds), dropped

    def reason(self, row: int) -> str:
        """Why a row is refused."""
        return next(reason for mask, reason in self.refused if mask[row])


def flattened(batch: pa.RecordBatch | pa.Table, where: str) -> dict[str, pa.Array]:
    """The columns by name; those of nested records as ``outer.inner``.

    Args:
        where: the data are from, for messages.

    Raises:
        HeadraceError: two of them have one name.
    """
    table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
    while any(pa.types.is_struct(one.type) for one in table.schema):
        table = _with_empty_as_null(table).flatten()
    twice = [name for name, count in Counter(table.column_names).items() if count > 1]
    if twice:
        raise HeadraceError(
            f"{where} has more than one column named {twice[0]!r}",
            "rename one of them; the parts of a record are named outer.inner",
        )
    return {
        name: plain(_whole(table.column(index))) for index, name in enumerate(table.column_names)
    }


def _with_empty_as_null(table: pa.Table) -> pa.Table:
    """A record without fields is a value that is missing, not a column that is not there."""
    for index, one in enumerate(table.schema):
        if pa.types.is_struct(one.type) and not one.type.num_fields:
            table = table.set_column(index, one.name, pa.nulls(table.num_rows))
    return table


def kind_of(name: str, of: pa.DataType, where: str) -> Kind:
    """The kind that values of an Arrow type, or lists of it, become.

    Raises:
        HeadraceError: none can hold them.
    """
    of = plain_type(of)
    value = of.value_type if _is_list(of) else of
    checks = (
        (Kind.UNKNOWN, (pa.types.is_null,)),
        (Kind.INT, (pa.types.is_integer, pa.types.is_boolean)),
        (Kind.FLOAT, (pa.types.is_floating, pa.types.is_decimal)),
        (Kind.BYTES, _BYTES),
    )
    for kind, tests in checks:
        if any(test(value) for test in tests) and not pa.types.is_interval(value):
            return kind
    raise HeadraceError(
        f"column {name!r} of {where} is of type {of}, which no feature of an example can hold",
        "leave the column out, or write it as numbers, text, or lists of these",
    )


def typed_columns(
    arrays: Mapping[str, pa.Array], features: Features, rows: int, where: str
) -> Typed:
    """The features as columns of their kinds; one that the data lacks is missing in each row.

    Args:
        where: the data are from, for messages.

    Raises:
        HeadraceError: a column cannot be of the kind that it has elsewhere, or is given.
    """
    columns, kinds = [], {}
    refused: list[Refused] = []
    for name in dict.fromkeys((*features.kinds, *arrays)):
        array = arrays.get(name)
        if array is None:
            array = pa.nulls(rows)
        least = features.given.get(name, features.kinds.get(name, Kind.UNKNOWN))
        own = kind_of(name, array.type, where)
        kind = least if name in features.given else max(own, least)
        is_mixed = (own is Kind.BYTES) != (least is Kind.BYTES) and Kind.UNKNOWN not in (own, least)
        if is_mixed and name not in features.given:
            raise HeadraceError(
                f"column {name!r} has both numbers and texts: {own.name} in {where}, elsewhere "
                f"{least.name}",
                "give a schema that says what it is",
            )
        values, bad = _of_kind(array, own, kind)
        kinds[name] = kind
        if bad is not None:
            refused.append((bad, f"{name} has a value that is not of kind {kind.name}"))
        if _is_list(array.type) and array.flatten().null_count:
            values, holed = _without_holes(array, values)
            refused.append((holed, f"{name} has a null inside of a list"))
        columns.append(Column(name, kind, values, null_has_kind=False))
    return Typed(columns, kinds, refused)


_BYTES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_temporal,
)


def _of_kind(array: pa.Array, own: Kind, kind: Kind) -> tuple[pa.Array, Array | None]:
    if kind is Kind.UNKNOWN or (own is Kind.UNKNOWN and not _is_list(array.type)):
        return pa.nulls(len(array), kind.arrow), None
    if _is_list(array.type):
        return _list_of_kind(array, own, kind)
    return _scalars_of_kind(array, own, kind)


def _list_of_kind(array: pa.Array, own: Kind, kind: Kind) -> tuple[pa.Array, Array | None]:
    counts = _counts(array)
    flat, bad = _scalars_of_kind(array.flatten(), own, kind)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    mask = pc.is_null(array) if array.null_count else None
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), flat, mask=mask)
    if bad is None:
        return lists, None
    rows = np.repeat(np.arange(len(array)), counts)
    return lists, np.isin(np.arange(len(array)), rows[bad])


def _without_holes(array: pa.Array, values: pa.Array) -> tuple[pa.Array, Array]:
    """Lists with those that have a null in them made null, and a mask of these."""
    rows = np.repeat(np.arange(len(array)), _counts(array))
    holed = np.isin(np.arange(len(array)), rows[np.asarray(pc.is_null(array.flatten()))])
    return pc.if_else(pa.array(holed), pa.scalar(None, values.type), values), holed


def _counts(array: pa.Array) -> Array:
    return np.asarray(pc.fill_null(pc.list_value_length(array), 0)).astype(np.int64)


def _scalars_of_kind(array: pa.Array, own: Kind, kind: Kind) -> tuple[pa.Array, Array | None]:
    if own is Kind.UNKNOWN:
        return pa.nulls(len(array), kind.arrow), None
    if own is Kind.BYTES:
        if kind is Kind.BYTES:
            return _as_bytes(array), None
        return _as_numbers(array, kind)
    if kind is Kind.BYTES:
        return _as_text(array).cast(pa.binary()), None
    if kind is Kind.FLOAT:
        return array.cast(pa.float64(), safe=False).cast(pa.float32(), safe=False), None
    try:
        return array.cast(pa.int64()), None
    except pa.ArrowInvalid:
        return _integers(array)


def _integers(array: pa.Array) -> tuple[pa.Array, Array]:
    """Of numbers those that are integers of 64 bits, and a mask of the others."""
    if pa.types.is_integer(array.type):
        fits = pc.less_equal(array, pa.scalar(_INT64.max, array.type))
    elif pa.types.is_floating(array.type):
        array = array.cast(pa.float64(), safe=False)
        fits = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), 2.0**63))
    else:
        fits = pa.array([_is_integer(one) for one in array.to_pylist()], pa.bool_())
    fits = pc.fill_null(fits, True)
    kept = pc.if_else(fits, array, pa.scalar(None, array.type))
    return kept.cast(pa.int64()), ~np.asarray(fits)


def _is_integer(number: Decimal | None) -> bool | None:
    if number is None:
        return None
    return number == number.to_integral_value() and _INT64.min <= number <= _INT64.max


def _as_numbers(array: pa.Array, kind: Kind) -> tuple[pa.Array, Array | None]:
    array = _as_bytes(array)  # what Parquet calls a text may be any bytes
    try:
        return convert(_as_text(array), kind)
    except pa.ArrowInvalid:  # bytes that are no text
        wrong = np.array([one is not None and not is_text(one) for one in array.to_pylist()])
        texts = pc.if_else(pa.array(wrong), pa.scalar(None, array.type), array)
        values, bad = convert(_as_text(texts), kind)
        return values, wrong if bad is None else wrong | bad


def _as_bytes(array: pa.Array) -> pa.Array:
    return _as_text(array) if pa.types.is_temporal(array.type) else array.cast(pa.binary())


def _as_text(array: pa.Array) -> pa.Array:
    return array.cast(pa.string())


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined
