"""What every format's reader makes of a block: columns of examples, and bad rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

from .arrays import Array
from .bad_rows import BadRow
from .cells import convert, observe
from .encoding import Column
from .kinds import Kind
from .records import Records


@dataclass(frozen=True)
class Features:
    """What is known of a split's features.

    Attributes:
        kinds: of every column, in the order of the files; of an inferred one the least it can be.
        given: the kinds that a schema gives, also of features that were not seen.
    """

    kinds: Mapping[str, Kind]
    given: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True)
class Decoded:
    """A block as columns.

    Attributes:
        kinds: of each column, as seen in this block; not less than what was known before.
        records: the rows as they are to be written, where the input has them so.
    """

    rows: int
    columns: Sequence[Column]
    kinds: Mapping[str, Kind]
    bad: Sequence[BadRow] = field(default_factory=tuple)
    records: Records | None = None


class Decoder(Protocol):
    """Makes columns of one format's blocks. Must be safe in several threads at once."""

    def decode(self, block: Any, features: Features) -> Decoded:
        """The block's rows, and those that are none."""


def without_rows(cells: Sequence[pa.Array], dropped: Array) -> list[pa.Array]:
    """The columns without the rows of a mask."""
    kept = pa.array(~dropped)
    return [column.filter(kept) for column in cells]


def typed(
    cells: Mapping[str, pa.Array], features: Features
) -> tuple[list[Column], dict[str, Kind], dict[str, Array]]:
    """Columns of text as typed columns.

    Returns:
        The columns, their kinds, and for each column of a given kind with cells that are not of it
        a mask of those cells.
    """
    columns, kinds, refused = [], {}, {}
    for name, column in cells.items():
        least = features.kinds[name]
        if name in features.given:
            values, bad = convert(column, least)
            kind = least
            if bad is not None:
                refused[name] = bad
        else:
            kind, values = observe(column, least)
        kinds[name] = kind
        columns.append(Column(name, kind, values))
    return columns, kinds, refused
