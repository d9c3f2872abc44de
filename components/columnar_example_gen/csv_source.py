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
_ENCODING_HINT = 'give its encoding: text_options={"encoding": "latin-1"}, or "utf-16"'


@dataclass(frozen=True)
class CsvSource:
    """Reads delimited text, with the names of the columns in each file's first line or given."""

    dialect: Dialect
    is_text: ClassVar[bool] = True
    nests: ClassVar[bool] = False

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
        features = Features(known, {name: given[name] for name in names if name in given})
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
            return _unique(self.dialect.column_names, "column_names")
        names = _unique(self._header(blocks[0]), blocks[0].file)
        for block in blocks[1:]:
            others = self._header(block)
            if others != names:
                raise HeadraceError(
                    f"{block.file} has {_difference(others, names)}, other than {blocks[0].file}",
                    "files of one split must have the same header",
                )
        return names

    def _header(self, block: Block) -> list[str]:
        line = block.data[: self._header_end(block.data)]
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise HeadraceError(
                f"{block.file}:1: the header is not valid {self.dialect.encoding}", _ENCODING_HINT
            ) from error
        if "\0" in text:
            raise HeadraceError(f"{block.file}:1: the header has NUL bytes", _ENCODING_HINT)
        # Blanks around the line go, as in CsvExampleGen; but a tab may be a delimiter.
        text = text.strip("\r\n") if self.dialect.delimiter.isspace() else text.strip()
        rows = csv.reader(
            [text],
            delimiter=self.dialect.delimiter,
            quotechar=self.dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.dialect.quote else csv.QUOTE_NONE,
        )
        try:
            names = next(rows, [])
        except csv.Error as error:
            reason = "it has a carriage return without a line feed" if "\r" in text else str(error)
            raise HeadraceError(f"{block.file}:1: the header cannot be read: {reason}") from error
        if not names:
            raise HeadraceError(f"{block.file}:1: the header line is empty")
        return names

    def _without_header(self, block: Block) -> Block:
        if self.dialect.column_names:
            return block
        end = self._header_end(block.data)
        return Block(
            block.file, block.data[end:], block.first_line + block.data.count(b"\n", 0, end)
        )

    def _header_end(self, data: bytes) -> int:
        """After the first line break outside of quotes."""
        end = data.find(b"\n") + 1
        while end and self.quote and data.count(self.quote, 0, end) & 1:
            end = data.find(b"\n", end) + 1
        return end or len(data)


def _unique(names: Sequence[str], where: str) -> list[str]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise HeadraceError(f"{where} has more than one column named {twice[0]!r}")
    return list(names)


def _difference(names: Sequence[str], others: Sequence[str]) -> str:
    """How one header differs from another; of wide ones the first place."""
    if len(names) != len(others):
        return f"{len(names)} columns, not {len(others)}"
    place = next(
        i for i, (one, other) in enumerate(zip(names, others, strict=True)) if one != other
    )
    return f"{names[place]!r} as column {place + 1}, not {others[place]!r}"
