"""The order in which a stream has taken its files, kept on disk before any of them is read.

What becomes of a row (its window, or that it is late) depends on what was read before it. A stream
that is started again, from a checkpoint or from its beginning, reads what it has read before in the
same order, so each row meets the same fate, and what is written twice is written the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from headrace.fields import read_fields

from .files import as_json, create_file

_MOST_FILES = 64
"""In an entry: so that a checkpoint need not wait for a long one."""


class StreamError(Exception):
    """What a person has to mend; the message says how."""


@dataclass(frozen=True)
class TakenFile:
    """A file as it was when it was taken."""

    path: str
    size: int
    modified_ns: int

    def check(self) -> None:
        """See whether it is still what was taken.

        Raises:
            StreamError: it is gone, or has changed.
        """
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            raise StreamError(
                f"the stream has taken {self.path}, and it is gone: put it back, or start the "
                "stream from a savepoint or checkpoint behind it"
            ) from None
        if (found.st_size, found.st_mtime_ns) != (self.size, self.modified_ns):
            raise StreamError(
                f"{self.path} has changed since the stream took it: a file has to be complete when "
                "it arrives (write it aside and rename it), and new rows come in new files"
            )


@dataclass(frozen=True)
class Entry:
    """One step of a stream: files, or that no more came for so long that windows are closed."""

    files: tuple[TakenFile, ...] = ()
    idle: bool = False


class Journal:
    """The entries of one stream, numbered from 0; several processes may read and add."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._seen: set[str] = set()
        self._known = 0

    def read(self, number: int) -> Entry | None:
        """The entry of this number, if there is one yet."""
        path = self._path(number)
        try:
            return read_fields(Entry, json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            raise StreamError(f"the journal's entry {path} is damaged: {error}") from None

    def take(self, number: int, pattern_directory: Path, pattern: str) -> Entry | None:
        """Make entry ``number`` of files that no entry has yet; None if there is no such file.

        Raises:
            StreamError: an earlier entry is missing, so which files were taken is not known.
        """
        self._learn(number)
        paths = sorted(pattern_directory.glob(pattern)) if pattern_directory.is_dir() else []
        new = [path for path in paths if str(path) not in self._seen and _counts(path)]
        if not new:
            return None
        return self.add(number, Entry(tuple(map(_taken, new[:_MOST_FILES]))))

    def add(self, number: int, entry: Entry) -> Entry:
        """Make the entry, and return it: or the one that another process has made meanwhile."""
        create_file(self._path(number), as_json(asdict(entry)))
        made = self.read(number)
        assert made is not None
        return made

    def _learn(self, number: int) -> None:
        while (entry := self.read(self._known)) is not None:
            self._seen.update(file.path for file in entry.files)
            self._known += 1
        if self._known < number:
            raise StreamError(
                f"the stream goes on with entry {number} of its journal, and "
                f"{self._path(self._known)} is missing: put the directory back as it was, or begin "
                "anew with an empty one (bin/headrace stream start NAME --fresh)"
            )

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:08d}.json"


def paths_of(entries: Sequence[Entry]) -> list[str]:
    """The files of entries, in the order in which they were taken."""
    return [file.path for entry in entries for file in entry.files]


def _counts(path: Path) -> bool:
    return path.is_file() and not path.name.startswith((".", "_"))


def _taken(path: Path) -> TakenFile:
    found = path.stat()
    return TakenFile(str(path), found.st_size, found.st_mtime_ns)
