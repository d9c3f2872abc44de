"""CSV and TSV files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from headrace.errors import HeadraceError

from .blocks import BLOCK_BYTES, Block, read_blocks
from .csv_decoder import CsvDecoder
from .csv_rows import Dialect
from .decoding import Decoded, Features
from .files import InputFile, opened
from .kinds import Kind, widest
from .ranges import Range
from .source import sampled, text_ranges
from .text import reader

_HEADER_READERS = 16
_SAMPLED_FILES = 8
_HEADER_BYTES = 64 << 10
_SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True)
class CsvSource:
    """Reads delimited text, with the names of the columns in each file's first line or given."""

    dialect: Dialect
    is_text: ClassVar[bool] = True

    @property
    def quote(self) -> bytes:
        """The quote character."""
        return self.dialect.quote.encode()

    def features(self, files: Sequence[InputFile], given: Mapping[str, Kind]) -> Features:
        """Columns from the header, which all files must share; kinds from their beginnings."""
        with ThreadPoolExecutor(_HEADER_READERS) as pool:
            first = list(pool.map(self._header_block, files))
        filled = [(file, block) for file, block in zip(files, first, strict=True) if block]
        if not filled:
            raise HeadraceError(f"{files[0].path} and all other files of the split are empty")
        names = self._common_names([block for _, block in filled])
        known = {name: given.get(name, Kind.UNKNOWN) for name in names}
        features = Features(known, frozenset(given).intersection(names))
        chosen = sampled([file for file, _ in filled], _SAMPLED_FILES)
        with ThreadPoolExecutor(_SAMPLED_FILES) as pool:
            kinds = list(pool.map(lambda file: self._sampled_kinds(file, features), chosen))
        return Features(widest([known, *kinds]), features.given)

    def ranges(self, file: InputFile) -> list[Range]:
        """Nominal ranges of bytes."""
        return text_ranges(file, self.dialect.encoding)

    def blocks(self, piece: Range) -> Iterator[Block]:
        """The range's records, without the header."""
        blocks = self._all_blocks(piece, BLOCK_BYTES)
        if not piece.start and not self.dialect.column_names:
            first = next(blocks, None)
            if first is None:
                return
            first = self._without_header(first)
            if first.data:
                yield first
        yield from blocks

    def decode(self, block: Block, features: Features) -> Decoded:
        """The block's rows."""
        return CsvDecoder(self.dialect).decode(block, features)

    def _all_blocks(self, piece: Range, size: int) -> Iterator[Block]:
        with opened(piece.file) as stream:
            read = reader(stream, piece, self.dialect.encoding)
            yield from read_blocks(piece.file.path, read, piece.first_line, self.quote, size)

    def _header_block(self, file: InputFile) -> Block | None:
        return next(self._all_blocks(Range(file, 0, None), _HEADER_BYTES), None)

    def _sampled_kinds(self, file: InputFile, features: Features) -> Mapping[str, Kind]:
        block = next(self._all_blocks(Range(file, 0, None), _SAMPLE_BYTES))
        return self.decode(self._without_header(block), features).kinds

    def _common_names(self, blocks: Sequence[Block]) -> list[str]:
        if self.dialect.column_names:
            return list(self.dialect.column_names)
        names = self._header(blocks[0])
        for block in blocks[1:]:
            others = self._header(block)
            if others != names:
                raise HeadraceError(
                    f"{block.file} has the columns {', '.join(others)}, where {blocks[0].file} has "
                    f"{', '.join(names)}",
                    "files of one split must have the same header",
                )
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise HeadraceError(f"{blocks[0].file} has more than one column named {twice[0]!r}")
        return names

    def _header(self, block: Block) -> list[str]:
        line = block.data[: _header_end(block.data)]
        try:
            text = line.decode().strip()
        except UnicodeDecodeError as error:
            raise HeadraceError(
                f"{block.file}:1: the header is not valid {self.dialect.encoding}",
                "give the file's encoding",
            ) from error
        rows = csv.reader(
            [text],
            delimiter=self.dialect.delimiter,
            quotechar=self.dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.dialect.quote else csv.QUOTE_NONE,
        )
        names = next(rows, [])
        if not names:
            raise HeadraceError(f"{block.file}:1: the header line is empty")
        return names

    def _without_header(self, block: Block) -> Block:
        if self.dialect.column_names:
            return block
        end = _header_end(block.data)
        return Block(block.file, block.data[end:], block.first_line + 1)


def _header_end(data: bytes) -> int:
    return data.find(b"\n") + 1 or len(data)
