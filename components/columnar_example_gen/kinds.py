"""The kinds of value that a tf.Example can hold, in the order in which inference widens them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

import pyarrow as pa


class Kind(enum.IntEnum):
    """A feature's kind. A greater one can hold what a lesser one can."""

    UNKNOWN = 0
    """No value was seen: the feature has no kind."""
    INT = 1
    FLOAT = 2
    BYTES = 3

    @property
    def arrow(self) -> pa.DataType:
        """The type of one value, as TFX's readers of Arrow and Parquet expect it."""
        return _ARROW[self]


Kinds = Mapping[str, Kind]
"""Kinds of a split's columns, in the order of its columns."""

_JOINT = "."

_ARROW = {
    Kind.UNKNOWN: pa.null(),
    Kind.INT: pa.int64(),
    Kind.FLOAT: pa.float32(),
    Kind.BYTES: pa.large_binary(),
}


def widest(several: Iterable[Kinds]) -> dict[str, Kind]:
    """For each column of any of them its greatest kind; columns in the order first met."""
    merged: dict[str, Kind] = {}
    for kinds in several:
        for name, kind in kinds.items():
            merged[name] = max(kind, merged.get(name, Kind.UNKNOWN))
    return merged


def without_outer(kinds: Kinds) -> dict[str, Kind]:
    """Without columns that never have a value and whose parts are columns: ``a`` beside ``a.b``.

    Where such a value is null it looks like a column of its own.
    """
    outer = {
        name[:place] for name in kinds for place, letter in enumerate(name) if letter == _JOINT
    }
    return {
        name: kind for name, kind in kinds.items() if kind is not Kind.UNKNOWN or name not in outer
    }
