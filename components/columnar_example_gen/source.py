"""What a format's reader does, from the files of a split to columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from .decoding import Decoded, Features
from .files import InputFile
from .kinds import Kind
from .ranges import Range, cut, range_count
from .text import can_start_anywhere


class Source(Protocol):
    """Reads one format. Is sent to Beam's workers; must be safe in several threads at once."""

    @property
    def is_text(self) -> bool:
        """Whether ranges are of bytes, cut without regard to records."""
        ...

    @property
    def quote(self) -> bytes:
        """What hides line breaks in a text format; empty where nothing does."""
        ...

    @property
    def nests(self) -> bool:
        """Whether a value may be null in one row, and have parts that are columns in another."""
        ...

    def features(self, files: Sequence[InputFile], given: Mapping[str, Kind]) -> Features:
        """The columns of the files and their kinds, from what is given and from a sample.

        Raises:
            HeadraceError: the files do not have the same columns, or none.
        """

    def ranges(self, file: InputFile) -> list[Range]:
        """A file in ranges that can be read each by itself. Those of text are to be joined."""

    def blocks(self, piece: Range) -> Iterator[Any]:
        """A range in blocks of some megabytes, in order."""

    def decode(self, block: Any, features: Features) -> Decoded:
        """A block's rows as columns; bad rows apart."""


def text_ranges(file: InputFile, encoding: str) -> list[Range]:
    """A text file whole, or where its encoding allows in nominal ranges."""
    count = 1 if file.is_compressed else range_count(file)
    if count > 1 and can_start_anywhere(encoding):
        return cut(file, count)
    return [Range(file, 0, None)]


def sampled(files: Sequence[InputFile], most: int) -> list[InputFile]:
    """At most so many of the files, evenly over all of them, the first among them."""
    if len(files) <= most:
        return list(files)
    return [files[index * len(files) // most] for index in range(most)]
