"""Lines of text, each an example with one feature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import Array
from .bad_rows import BadRow
from .blocks import BLOCK_BYTES, Block, read_blocks
from .decoding import Decoded, Features
from .encoding import Column
from .files import InputFile, opened
from .kinds import Kind
from .ranges import Range
from .source import text_ranges
from .text import NOT_TEXT, is_text, reader, shown

FEATURE = "text"


@dataclass(frozen=True)
class TextSource:
    """Reads lines as the feature ``text``, without their line breaks; an empty line is one, too."""

    encoding: str
    is_text: ClassVar[bool] = True
    quote: ClassVar[bytes] = b""
    nests: ClassVar[bool] = False

    def features(self, files: Sequence[InputFile], given: Mapping[str, Kind]) -> Features:
        """The one feature."""
        del files, given
        return Features({FEATURE: Kind.BYTES}, {FEATURE: Kind.BYTES})

    def ranges(self, file: InputFile) -> list[Range]:
        """Nominal ranges of bytes."""
        return text_ranges(file, self.encoding)

    def blocks(self, piece: Range) -> Iterator[Block]:
        """The range's lines."""
        with opened(piece.file) as stream:
            read = reader(stream, piece, self.encoding)
            yield from read_blocks(piece.file.path, read, piece.first_line, b"", BLOCK_BYTES)

    def decode(self, block: Block, features: Features) -> Decoded:
        """The block's lines."""
        lines = pc.split_pattern(pa.array([block.data], pa.binary()), b"\n").flatten()
        if block.data.endswith(b"\n"):
            lines = lines.slice(0, len(lines) - 1)
        bad: list[BadRow] = []
        if not is_text(block.data):
            lines, bad = _only_text(block, lines)
        if b"\r" in block.data:
            lines = pc.replace_substring_regex(lines, r"\r$", b"")
        kinds = dict(features.kinds)
        return Decoded(len(lines), [Column(FEATURE, Kind.BYTES, lines)], kinds, bad)


def _only_text(block: Block, lines: pa.Array) -> tuple[pa.Array, list[BadRow]]:
    wrong = [number for number, line in enumerate(lines.to_pylist()) if not is_text(line)]
    kept: Array = np.ones(len(lines), bool)
    kept[wrong] = False
    texts = {number: shown(lines[number].as_py()) for number in wrong}
    bad = [
        BadRow(block.file, block.first_line + number, NOT_TEXT, texts[number]) for number in wrong
    ]
    return lines.filter(pa.array(kept)), bad
