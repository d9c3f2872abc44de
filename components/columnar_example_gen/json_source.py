"""JSON lines: one object a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pyarrow as pa

from headrace.errors import HeadraceError

from .arrow_columns import Typed, flattened, kind_of, typed_columns
from .blocks import BLOCK_BYTES, Block, read_blocks
from .csv_rows import bad_rows
from .decoding import Decoded, Features
from .files import InputFile, opened
from .json_lines import lines, parse
from .kinds import Kind, widest, without_outer
from .ranges import Range
from .source import sampled, text_ranges
from .text import reader

_SAMPLED_FILES = 8
_SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True)
class JsonSource:
    """Reads JSON lines.

    Numbers, texts, booleans and lists of these are features; so are the parts of an object in an
    object, as ``outer.inner``.
    """

    encoding: str
    is_text: ClassVar[bool] = True
    quote: ClassVar[bytes] = b""
    nests: ClassVar[bool] = True

    def features(self, files: Sequence[InputFile], given: Mapping[str, Kind]) -> Features:
        """Names and kinds from the beginnings of some files."""
        if not any(file.size for file in files):
            raise HeadraceError(f"{files[0].path} and all other files of the split are empty")
        chosen = sampled(files, _SAMPLED_FILES)
        with ThreadPoolExecutor(_SAMPLED_FILES) as pool:
            kinds = widest(pool.map(lambda file: self._sampled_kinds(file, given), chosen))
        merged = without_outer(kinds)
        known = {**merged, **{name: given[name] for name in merged if name in given}}
        return Features(known, given)

    def ranges(self, file: InputFile) -> list[Range]:
        """Nominal ranges of bytes."""
        return text_ranges(file, self.encoding)

    def blocks(self, piece: Range) -> Iterator[Block]:
        """The range's lines."""
        yield from self._blocks(piece, BLOCK_BYTES)

    def decode(self, block: Block, features: Features) -> Decoded:
        """The block's objects; a line that is none is bad."""
        starts, ends = lines(block.data)
        table, reasons = parse(block, starts, ends, features.given)
        rows = np.delete(np.arange(len(starts)), list(reasons))
        where = f"{block.file}:{block.first_line}"
        typed = self._typed(flattened(table, where), features, len(rows), where)
        kept, dropped = typed.without_refused(len(rows)) if typed.refused else (typed, rows[:0])
        for row in np.flatnonzero(dropped).tolist():
            reasons[int(rows[row])] = typed.reason(row)
        bad = bad_rows(block, starts, ends, reasons)
        return Decoded(len(starts) - len(bad), kept.columns, kept.kinds, bad)

    def _typed(
        self, arrays: Mapping[str, pa.Array], features: Features, rows: int, where: str
    ) -> Typed:
        own = {name: kind_of(name, array.type, where) for name, array in arrays.items()}
        kept = without_outer(widest([features.kinds, own]))
        known = {name: kind for name, kind in features.kinds.items() if name in kept}
        typed = typed_columns(arrays, replace(features, kinds=known), rows, where)
        # Not before: a list with a null in it is bad also where others are objects.
        return replace(
            typed,
            columns=[column for column in typed.columns if column.name in kept],
            kinds={name: kind for name, kind in typed.kinds.items() if name in kept},
        )

    def _blocks(self, piece: Range, size: int) -> Iterator[Block]:
        with opened(piece.file) as stream:
            read = reader(stream, piece, self.encoding)
            yield from read_blocks(piece.file.path, read, piece.first_line, self.quote, size)

    def _sampled_kinds(self, file: InputFile, given: Mapping[str, Kind]) -> dict[str, Kind]:
        block = next(self._blocks(Range(file, 0, None), _SAMPLE_BYTES), None)
        if block is None:
            return {}
        table, _ = parse(block, *lines(block.data), given)
        arrays = flattened(table, file.path)
        return {name: kind_of(name, array.type, file.path) for name, array in arrays.items()}
