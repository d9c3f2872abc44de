"""A decoded block as pieces of the output splits: framed records, or tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from .arrays import Array
from .decoding import Decoded
from .encoding import Column, encode_examples
from .gzipping import gzipped
from .partition import as_filter, by_feature
from .splitting import SplitPlan, places
from .tables import as_table
from .tfrecord import framed

_BATCH_BYTES = 32 << 20
_FEATURE_OVERHEAD = 14


@dataclass(frozen=True)
class Piece:
    """Rows of one output split, ready to be written.

    Attributes:
        size: bytes, before compression.
    """

    split: int
    rows: int
    size: int
    content: Any


class Output(Protocol):
    """A format of the payload. Used by several threads at once."""

    def pieces(self, decoded: Decoded, plan: SplitPlan) -> list[Piece]:
        """The block's rows by output split, in order."""


@dataclass(frozen=True)
class ExamplesOutput:
    """TFRecords of tf.Example."""

    gzip: bool

    def pieces(self, decoded: Decoded, plan: SplitPlan) -> list[Piece]:
        """Framed records; each piece a buffer."""
        if decoded.records is not None:
            payloads = list(decoded.records.payloads)
            chosen = _chosen(decoded, plan) if plan.is_hashed else None
            return list(self._by_split(pa.array(payloads, pa.binary()), payloads, chosen, plan))
        return [
            piece
            for columns, rows in _batches(decoded)
            for piece in self._batch(columns, rows, plan)
        ]

    def _batch(self, columns: Sequence[Column], rows: int, plan: SplitPlan) -> Iterator[Piece]:
        records = encode_examples(columns, rows)
        payloads = records.to_numpy(zero_copy_only=False).tolist()
        chosen = None
        if plan.is_hashed:
            chosen = by_feature(plan, columns) if plan.feature else places(plan, payloads)
        yield from self._by_split(records, payloads, chosen, plan)

    def _by_split(
        self, records: pa.Array, payloads: list[bytes], chosen: Array | None, plan: SplitPlan
    ) -> Iterator[Piece]:
        if chosen is None:
            yield self._piece(0, records, payloads)
            return
        for split in range(len(plan.names)):
            mask = as_filter(chosen, split)
            yield self._piece(
                split, records.filter(mask), list(compress(payloads, (chosen == split).tolist()))
            )

    def _piece(self, split: int, records: pa.Array, payloads: list[bytes]) -> Piece:
        data = framed(records, payloads)
        return Piece(split, len(payloads), len(data), gzipped(data) if self.gzip else data)


@dataclass(frozen=True)
class TablesOutput:
    """Columns as they are, for Parquet."""

    def pieces(self, decoded: Decoded, plan: SplitPlan) -> list[Piece]:
        """Tables; a row goes to the split that its tf.Example would go to."""
        table = as_table(decoded.columns, decoded.rows)
        if not plan.is_hashed:
            return [Piece(0, decoded.rows, table.nbytes, table)]
        chosen = _chosen(decoded, plan)
        tables = [table.filter(as_filter(chosen, split)) for split in range(len(plan.names))]
        return [Piece(split, one.num_rows, one.nbytes, one) for split, one in enumerate(tables)]


def _chosen(decoded: Decoded, plan: SplitPlan) -> Array:
    if decoded.records is not None:
        return places(plan, decoded.records.keys(plan.feature))
    if plan.feature:
        return by_feature(plan, decoded.columns)
    found = [np.zeros(0, np.int64)]
    for columns, rows in _batches(decoded):
        records = encode_examples(columns, rows)
        found.append(places(plan, records.to_numpy(zero_copy_only=False).tolist()))
    return np.concatenate(found)


def _batches(decoded: Decoded) -> Iterator[tuple[list[Column], int]]:
    """The rows in batches whose encoding takes some tens of megabytes, however wide they are."""
    columns = decoded.columns
    size = sum(
        column.values.nbytes + decoded.rows * (len(column.name) + _FEATURE_OVERHEAD)
        for column in columns
    )
    step = max(1, decoded.rows * _BATCH_BYTES // max(size, 1))
    for start in range(0, decoded.rows, step):
        batch = [
            Column(column.name, column.kind, column.values.slice(start, step), column.null_has_kind)
            for column in columns
        ]
        yield batch, min(step, decoded.rows - start)
