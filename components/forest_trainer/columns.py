"""Columns gathered from batches, and an order of rows that depends on the rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from headrace.errors import HeadraceError

from .fields import Kind

_NOISE = 1e-5
"""Transform's numbers may differ in their last bits from run to run, by where a batch ended."""


@dataclass(frozen=True)
class Numbers:
    """Floats of shape [rows], or [rows, width] of a feature with several; NaN is missing."""

    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> Numbers:
        return Numbers(self.values[rows])

    def for_ydf(self) -> np.ndarray:
        return self.values


@dataclass(frozen=True)
class Categories:
    """Positions in ``names``, of shape [rows]; -1 is missing."""

    codes: np.ndarray
    names: list[bytes]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: np.ndarray) -> Categories:
        return Categories(self.codes[rows], self.names)

    def for_ydf(self) -> np.ndarray:
        return np.array([*self.names, b""], np.bytes_)[self.codes]


Column = Numbers | Categories


class Gathering:
    """One feature's values, batch by batch."""

    def __init__(self, name: str, kind: Kind) -> None:
        self._name = name
        self._kind = kind
        self._lengths: list[np.ndarray] = []
        self._numbers: list[np.ndarray] = []
        self._categories: list[pa.Array] = []

    def add(self, array: pa.Array | None, rows: int) -> None:
        """Add a batch: a list for each row, None for a feature that none of the rows has."""
        if array is None or pa.types.is_null(array.type):
            self._lengths.append(np.zeros(rows, np.int32))
            return
        lengths = pc.fill_null(pc.list_value_length(array), 0)
        self._lengths.append(lengths.to_numpy(zero_copy_only=False).astype(np.int32))
        values = array.flatten()
        if self._kind is Kind.NUMBER:
            self._numbers.append(values.to_numpy(zero_copy_only=False).astype(np.float32))
        else:
            self._categories.append(values.dictionary_encode())

    def column(self) -> Column:
        """Return the whole column.

        Raises:
            HeadraceError: rows have different numbers of values.
        """
        lengths = np.concatenate(self._lengths)
        width = int(lengths.max(initial=0))
        present = lengths > 0
        if width > 1 and not (lengths[present] == width).all():
            raise HeadraceError(
                f"feature {self._name!r} has from {lengths[present].min()} to {width} values a "
                "row; a forest takes one, or always as many",
                "name the features to use with features=[...]",
            )
        if self._kind is Kind.NUMBER:
            return _numbers(self._numbers, present, width)
        if width > 1:
            raise HeadraceError(
                f"feature {self._name!r} has {width} names a row; a forest takes one",
                "name the features to use with features=[...]",
            )
        return _categories(self._categories, present)


def _numbers(parts: list[np.ndarray], present: np.ndarray, width: int) -> Numbers:
    shape = (len(present),) if width < 2 else (len(present), width)
    values = np.full(shape, np.nan, np.float32)
    if parts:
        flat = np.concatenate(parts)
        values[present] = flat if width < 2 else flat.reshape(-1, width)
    return Numbers(values)


def _categories(parts: list[pa.Array], present: np.ndarray) -> Categories:
    codes = np.full(len(present), -1, np.int32)
    if not parts:
        return Categories(codes, [])
    whole = pa.chunked_array(parts).unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    codes[present] = whole.indices.to_numpy(zero_copy_only=False)
    return Categories(codes, [_bytes(name) for name in whole.dictionary.to_pylist()])


def _bytes(name: bytes | str | float) -> bytes:
    return name if isinstance(name, bytes) else str(name).encode()


def own_order(columns: Mapping[str, Column]) -> np.ndarray:
    """Return the rows in an order that does not depend on the one they came in.

    Beam writes rows in another order each time, and what a forest draws by chance it draws by row.
    """
    rows = len(next(iter(columns.values())))
    coarse, exact = np.zeros(rows, np.uint64), np.zeros(rows, np.uint64)
    for name in sorted(columns):
        for about, precise in _hashes(columns[name]):
            coarse = _mixed(coarse, about)
            exact = _mixed(exact, precise)
    return np.lexsort((exact, coarse))


def _mixed(before: np.ndarray, more: np.ndarray) -> np.ndarray:
    return (before ^ more) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)


def _hashes(column: Column) -> Sequence[tuple[np.ndarray, np.ndarray]]:
    """For each of the column's numbers a row, a hash of about what it is, and one of just that."""
    if isinstance(column, Categories):
        names = np.array([*column.names, b""], object)
        hashes = pd.util.hash_array(names, categorize=False)[column.codes]
        return [(hashes, hashes)]
    flat = column.values.reshape(len(column), -1)
    return [(_hash(_levels(part)), _hash(part.view(np.int32))) for part in flat.T.copy()]


def _hash(numbers: np.ndarray) -> np.ndarray:
    return pd.util.hash_array(numbers.astype(np.int64), categorize=False)


def _levels(numbers: np.ndarray) -> np.ndarray:
    """Ranks, which numbers that differ by noise alone share; missing ones have one of their own."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    steps = np.diff(ordered, prepend=ordered[:1])
    levels = np.empty(len(numbers), np.int64)
    levels[order] = np.cumsum(steps > _NOISE * np.maximum(1, np.abs(ordered)))
    levels[np.isnan(numbers)] = -1
    return levels
