"""Typed Arrow columns, from Parquet, Arrow or JSON, as columns of examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.errors import HeadraceError

from .arrays import Array
from .cells import convert
from .decoding import Features
from .encoding import Column
from .kinds import Kind


@dataclass(frozen=True)
class Typed:
    """Columns, their kinds as seen, and of columns with values not of the given kind which rows."""

    columns: Sequence[Column]
    kinds: Mapping[str, Kind]
    refused: Mapping[str, Array] = field(default_factory=dict)

    def without_refused(self, rows: int) -> tuple[Typed, Array]:
        """Only the rows that are all right, and a mask of the others."""
        dropped: Array = np.zeros(rows, bool)
        for mask in self.refused.values():
            dropped |= mask
        kept = pa.array(~dropped)
        columns = [replace(one, values=one.values.filter(kept)) for one in self.columns]
        return Typed(columns, self.kinds), dropped

    def reason(self, row: int) -> str:
        """Why a row is refused."""
        [name, *_] = [name for name, mask in self.refused.items() if mask[row]]
        return f"{name} has a value that is not of kind {self.kinds[name].name}"


def flattened(batch: pa.RecordBatch | pa.Table) -> dict[str, pa.Array]:
    """The columns by name; those of nested records as ``outer.inner``."""
    table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
    while any(pa.types.is_struct(one.type) for one in table.schema):
        table = table.flatten()
    return {name: _whole(table.column(index)) for index, name in enumerate(table.column_names)}


def kind_of(name: str, of: pa.DataType) -> Kind:
    """The kind that values of an Arrow type, or lists of it, become.

    Raises:
        HeadraceError: none can hold them.
    """
    value = of.value_type if _is_list(of) or pa.types.is_dictionary(of) else of
    checks = (
        (Kind.UNKNOWN, (pa.types.is_null,)),
        (Kind.INT, (pa.types.is_integer, pa.types.is_boolean)),
        (Kind.FLOAT, (pa.types.is_floating, pa.types.is_decimal)),
        (Kind.BYTES, _BYTES),
    )
    for kind, tests in checks:
        if any(test(value) for test in tests):
            return kind
    raise HeadraceError(
        f"column {name!r} is of type {of}, which no feature of an example can hold",
        "leave the column out, or write it as numbers, text, or lists of these",
    )


def typed_columns(arrays: Mapping[str, pa.Array], features: Features, rows: int) -> Typed:
    """The features as columns of their kinds; one that the data lacks is missing in each row.

    Raises:
        HeadraceError: a column cannot be of the kind that it has elsewhere, or is given.
    """
    columns, kinds, refused = [], {}, {}
    for name in dict.fromkeys((*features.kinds, *arrays)):
        array = arrays.get(name)
        if array is None:
            array = pa.nulls(rows)
        least = features.kinds.get(name, Kind.UNKNOWN)
        own = kind_of(name, array.type)
        kind = least if name in features.given else max(own, least)
        is_mixed = (own is Kind.BYTES) != (least is Kind.BYTES) and Kind.UNKNOWN not in (own, least)
        if is_mixed and name not in features.given:
            raise HeadraceError(
                f"column {name!r} has both numbers and texts", "give a schema that says what it is"
            )
        values, bad = _of_kind(array, own, kind)
        kinds[name] = kind
        if bad is not None:
            refused[name] = bad
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
    if own is Kind.UNKNOWN or kind is Kind.UNKNOWN:
        return pa.nulls(len(array), kind.arrow), None
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if _is_list(array.type):
        return _list_of_kind(array, own, kind)
    return _scalars_of_kind(array, own, kind)


def _list_of_kind(array: pa.Array, own: Kind, kind: Kind) -> tuple[pa.Array, Array | None]:
    counts = np.asarray(pc.fill_null(pc.list_value_length(array), 0)).astype(np.int64)
    flat, bad = _scalars_of_kind(array.flatten(), own, kind)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    mask = pc.is_null(array) if array.null_count else None
    lists = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), flat, mask=mask)
    if bad is None:
        return lists, None
    rows = np.repeat(np.arange(len(array)), counts)
    return lists, np.isin(np.arange(len(array)), rows[bad])


def _scalars_of_kind(array: pa.Array, own: Kind, kind: Kind) -> tuple[pa.Array, Array | None]:
    if own is Kind.BYTES:
        if kind is Kind.BYTES:
            return _as_bytes(array), None
        return convert(_as_text(array), kind)
    if kind is Kind.BYTES:
        return _as_text(array).cast(pa.binary()), None
    if kind is Kind.FLOAT:
        return array.cast(pa.float64(), safe=False).cast(pa.float32(), safe=False), None
    try:
        return array.cast(pa.int64()), None
    except pa.ArrowInvalid:
        wide = array.cast(pa.float64(), safe=False)
        whole = pc.and_(pc.equal(pc.floor(wide), wide), pc.less(pc.abs(wide), 2.0**63))
        fits = pc.fill_null(whole, True)
        kept = pc.if_else(fits, wide, pa.scalar(None, pa.float64()))
        return kept.cast(pa.int64(), safe=False), ~np.asarray(fits)


def _as_bytes(array: pa.Array) -> pa.Array:
    return _as_text(array) if pa.types.is_temporal(array.type) else array.cast(pa.binary())


def _as_text(array: pa.Array) -> pa.Array:
    return array.cast(pa.string())


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _whole(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    combined = column.combine_chunks()
    return pa.concat_arrays(combined.chunks) if isinstance(combined, pa.ChunkedArray) else combined
