"""Which split each row of a batch goes to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.errors import HeadraceError

from .arrays import Array
from .encoding import Column, encode_feature
from .kinds import Kind
from .splitting import SplitPlan, places


def by_feature(plan: SplitPlan, columns: Sequence[Column]) -> Array:
    """For each row the index of its split, by the value of the plan's feature.

    Raises:
        HeadraceError: the feature cannot decide, in TFX's sense: it is missing, a float, or has no
            kind in some row.
    """
    found = [column for column in columns if column.name == plan.feature]
    where = "partition_feature_name of output_config names"
    if not found:
        raise HeadraceError(f"{where} {plan.feature!r}, which is no column of the data")
    [column] = found
    if column.kind not in (Kind.INT, Kind.BYTES):
        raise HeadraceError(
            f"{where} {plan.feature!r}, which is of kind {column.kind.name}",
            "only features of kind INT and BYTES decide a split",
        )
    if column.values.null_count and not column.null_has_kind:
        raise HeadraceError(f"{where} {plan.feature!r}, which has no value in some rows")
    encoded = encode_feature(column).dictionary_encode()
    different = np.asarray(places(plan, encoded.dictionary.to_pylist()))
    return different[np.asarray(encoded.indices)]


def as_filter(chosen: Array, split: int) -> pa.Array:
    """A mask of the rows of one split."""
    return pc.equal(pa.array(chosen), split)
