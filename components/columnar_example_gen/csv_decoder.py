"""CSV and TSV blocks as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrays import Array
from .blocks import Block, record_spans
from .csv_rows import Dialect, Rows, bad_rows, read_rows
from .decoding import Decoded, Features, typed, without_rows
from .encoding import Column
from .kinds import Kind

_SHOWN = 80


@dataclass(frozen=True)
class CsvDecoder:
    """Decodes blocks of delimited text; the columns are those of the features, in their order."""

    dialect: Dialect

    def decode(self, block: Block, features: Features) -> Decoded:
        """The block's rows; a row with a value that is not of its column's given kind is bad."""
        names = list(features.kinds)
        rows = read_rows(block, names, self.dialect)
        cells = dict(zip(names, rows.cells, strict=True))
        columns, kinds, refused = typed(cells, features)
        if not refused:
            return Decoded(rows.count, columns, kinds, rows.bad)
        return self._without_refused(block, rows, columns, kinds, refused)

    def _without_refused(
        self,
        block: Block,
        rows: Rows,
        columns: list[Column],
        kinds: dict[str, Kind],
        refused: dict[str, Array],
    ) -> Decoded:
        starts, ends = record_spans(block.data, self.dialect.quote.encode())
        reasons: dict[int, str] = {}
        dropped = np.zeros(rows.count, bool)
        for name, mask in refused.items():
            found = np.flatnonzero(mask & ~dropped)
            records = found if rows.records is None else rows.records[found]
            cells = rows.cells[list(kinds).index(name)].take(pa.array(found)).to_pylist()
            for record, cell in zip(records.tolist(), cells, strict=True):
                reasons[record] = f"{name} is {_short(cell)}, not of kind {kinds[name].name}"
            dropped |= mask
        bad = [*rows.bad, *bad_rows(block, starts, ends, reasons)]
        bad.sort(key=lambda row: row.line)
        values = without_rows([column.values for column in columns], dropped)
        kept = [
            Column(column.name, column.kind, array, column.null_has_kind)
            for column, array in zip(columns, values, strict=True)
        ]
        return Decoded(int((~dropped).sum()), kept, kinds, bad)


def _short(cell: str) -> str:
    return repr(cell) if len(cell) <= _SHOWN else f"{cell[:_SHOWN]!r}..."
