"""Finds the row of CSV files at which TFX's CsvExampleGen has failed, which it does not name.

Records are read as that component reads them: a record ends at the line where its quotes are even
in number, is UTF-8, and has as many fields as the first file has columns.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

_LONGEST_RECORD = 64 * 1024 * 1024
_SHOWN = 60

Open = Callable[[str], BinaryIO]


@dataclass(frozen=True)
class Fault:
    """Where and what; ``line`` counts from 1."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


def first_fault(files: Sequence[str], open_file: Open, seconds: float = 60.0) -> Fault | None:
    """The first row that CsvExampleGen refuses; None if there is none, or not within that time.

    Args:
        files: of one split, in the order of their names.
        open_file: opens one for reading its bytes.
        seconds: how long to look.
    """
    until = time.monotonic() + seconds
    names: list[str] = []
    for file in files:
        with open_file(file) as source:
            header = source.readline()
            try:
                found = header.decode("utf-8").strip().split(",")
            except UnicodeDecodeError as error:
                return Fault(file, 1, _encoding(error, header))
            names = names or found
            if found != names:
                return Fault(file, 1, f"its columns are {found}; those of {files[0]} are {names}")
            fault = _in_records(file, source, len(names), until)
        if fault is not None or time.monotonic() > until:
            return fault
    return None


def _in_records(file: str, source: Iterable[bytes], width: int, until: float) -> Fault | None:
    for line, record in _records(source):
        if record is None:
            return Fault(file, line, "a quoted field that begins here does not end")
        try:
            rows = list(csv.reader(io.StringIO(record.decode("utf-8"), newline="")))
        except UnicodeDecodeError as error:
            return Fault(file, line, _encoding(error, record))
        except csv.Error as error:
            return Fault(file, line, f"{error}: {_shown(record)}")
        for row in rows:
            if row and len(row) != width:
                reason = f"{len(row)} fields where the header has {width}: {_shown(record)}"
                return Fault(file, line, reason)
        if line % 1000 == 0 and time.monotonic() > until:
            return None
    return None


def _records(source: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Each record with the line that it begins in; None for one that does not end."""
    held: list[bytes] = []
    size = quotes = begun = 0
    for number, line in enumerate(source, start=2):
        if not held:
            begun = number
        held.append(line)
        size += len(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            yield begun, b"".join(held)
            held, size, quotes = [], 0, 0
        elif size > _LONGEST_RECORD:
            break
    if held:
        yield begun, None


def _encoding(error: UnicodeDecodeError, record: bytes) -> str:
    return f"byte 0x{record[error.start]:02x} is not UTF-8: {_shown(record)}"


def _shown(record: bytes) -> str:
    text = record[: _SHOWN + 1].decode("utf-8", errors="backslashreplace").rstrip("\r\n")
    return repr(text[:_SHOWN]) + ("..." if len(record.rstrip()) > _SHOWN else "")
