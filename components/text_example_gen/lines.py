"""What a line has to look like, and which one does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import BinaryIO

from headrace.errors import HeadraceError

_SHOWN = 60


class BadLine(ValueError):
    """A line is not as it should be; the message says why."""


@dataclass(frozen=True)
class Shape:
    """Of every line.

    Attributes:
        columns: names; the last one has the rest of the line, separators included.
        allowed: of columns that may have certain values only, these values.
    """

    columns: tuple[str, ...]
    separator: str
    allowed: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        if not self.columns or len(set(self.columns)) < len(self.columns):
            raise HeadraceError(f"columns must be names, each another one, not {self.columns}")
        if len(self.columns) > 1 and not self.separator:
            raise HeadraceError("several columns need a separator between them")
        unknown = sorted(set(self.allowed) - set(self.columns))
        if unknown:
            raise HeadraceError(f"allowed names {unknown[0]!r}, which is none of {self.columns}")

    def as_json(self) -> str:
        """The shape as an execution property holds it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Shape:
        """The reverse of ``as_json``."""
        read = json.loads(text)
        allowed = {name: tuple(values) for name, values in read["allowed"].items()}
        return cls(tuple(read["columns"]), read["separator"], allowed)

    def parse(self, line: bytes) -> dict[str, str] | None:
        """The columns of a line without its end; None if nothing stands in it.

        Raises:
            BadLine: it does not have this shape.
        """
        try:
            # A byte order mark stands before a file's first line only; elsewhere it is invisible.
            text = line.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise BadLine(f"is not UTF-8: {error.reason} at byte {error.start + 1}") from None
        if not text.strip():
            return None
        width = len(self.columns)
        values = text.split(self.separator, width - 1) if width > 1 else [text]
        if len(values) < width:
            raise BadLine(f"has {len(values)} of the columns {', '.join(self.columns)}")
        row = dict(zip(self.columns, values, strict=True))
        for name, allowed in self.allowed.items():
            if row[name] not in allowed:
                raise BadLine(f"{name} is {row[name]!r}, none of {', '.join(allowed)}")
        return row


def first_bad_line(
    files: Sequence[str], shape: Shape, open_file: Callable[[str], BinaryIO]
) -> HeadraceError | None:
    """Of these files, in their order, as the error that names its file and line; None: all fit.

    Beam's text source does not number lines, since workers begin to read in the middle of files.
    """
    for file in files:
        with open_file(file) as source:
            for number, line in enumerate(source, start=1):
                try:
                    shape.parse(line.rstrip(b"\r\n"))
                except BadLine as bad:
                    shown = line[:_SHOWN].decode("utf-8", "backslashreplace").rstrip("\r\n")
                    return HeadraceError(f"{file}:{number}: {bad}: {shown!r}", "mend the line")
    return None
