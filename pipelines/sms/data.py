"""The messages, from the textdescriptives package: lines of label, tab and text."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from pipelines.staging import written_whole

FILE_NAME = "messages.txt"
_LABELS = ("ham", "spam")


def source_file() -> Path:
    """The CSV inside the installed textdescriptives package, found without importing it.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    found = importlib.util.find_spec("textdescriptives")
    if found is None or found.origin is None:
        raise FileNotFoundError(
            "the package textdescriptives, which holds the data, is not installed"
        )
    return Path(found.origin).parent / "data" / "spam.csv"


def messages(source: Path) -> Iterator[tuple[str, str]]:
    """Label and text of each message; white space within a text is one blank.

    Where the file has a text in more than one column, a comma has split it.
    """
    with source.open(encoding="latin-1", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for label, *parts in rows:
            if label not in _LABELS:
                raise ValueError(f"{source}: a label is {label!r}")
            while parts and not parts[-1]:
                parts.pop()
            yield label, " ".join(",".join(parts).split())


def stage(base: Path, source: Path | None = None) -> Path:
    """Prepare the lines, alone in a directory below ``base``, and return that directory.

    Preparing again changes nothing, and two processes may prepare at once: a file is written aside
    and renamed.

    Args:
        source: a CSV like the package's, by default the package's.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    data_root = base / "all"
    staged = data_root / FILE_NAME
    if staged.is_file():
        return data_root
    source = source or source_file()
    with written_whole(staged, base, newline="\n") as target:
        target.writelines(f"{label}\t{text}\n" for label, text in messages(source))
    return data_root
