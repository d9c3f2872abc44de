"""Columns as the Arrow tables that TFX's Parquet reader hands to StatisticsGen and Transform."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import Array
from .encoding import Column
from .kinds import Kind, Kinds


def schema_of(kinds: Kinds) -> pa.Schema:
    """The schema of the tables: large lists of int64, float32 or large binary, as tfx_bsl's own."""
    return pa.schema([(name, _list_type(kind)) for name, kind in sorted(kinds.items())])


def as_table(columns: Sequence[Column], rows: int) -> pa.Table:
    """The columns, by name, as lists: a missing value is a list without values, or null."""
    ordered = sorted(columns, key=lambda column: column.name)
    arrays = [
        _lists(column) if column.kind is not Kind.UNKNOWN else pa.nulls(rows) for column in ordered
    ]
    return pa.Table.from_arrays(arrays, schema=schema_of({one.name: one.kind for one in ordered}))


def _list_type(kind: Kind) -> pa.DataType:
    return pa.null() if kind is Kind.UNKNOWN else pa.large_list(kind.arrow)


def _lists(column: Column) -> pa.Array:
    values = column.values
    if pa.types.is_null(values.type):
        values = values.cast(column.kind.arrow)
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        counts = np.asarray(pc.fill_null(pc.list_value_length(values), 0)).astype(np.int64)
        flat = values.flatten()
    else:
        counts = np.asarray(pc.is_valid(values)).astype(np.int64)
        flat = values.drop_null() if values.null_count else values
    offsets: Array = np.concatenate(([0], np.cumsum(counts)))
    mask = None if column.null_has_kind or not values.null_count else pc.is_null(values)
    return pa.LargeListArray.from_arrays(
        pa.array(offsets, pa.int64()), _as(flat, column.kind.arrow), mask=mask
    )


def _as(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_string(values.type):
        values = values.cast(pa.binary())
    return values.cast(kind)
