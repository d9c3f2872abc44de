"""The penguins' CSV, staged from the palmerpenguins package for CsvExampleGen."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

from pipelines.staging import written_whole

FILE_NAME = "penguins.csv"
MISSING = "NA"


def source_file() -> Path:
    """The CSV inside the installed palmerpenguins package, found without importing it.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    found = importlib.util.find_spec("palmerpenguins")
    if found is None or found.origin is None:
        raise FileNotFoundError(
            "the package palmerpenguins, which holds the data, is not installed"
        )
    return Path(found.origin).parent / "data" / FILE_NAME


def stage(data_root: Path) -> Path:
    """Put the CSV alone into ``data_root`` and return that directory.

    Every value is kept but the text ``NA``, which R writes for a missing one: it becomes an empty
    cell, as CsvExampleGen reads missing values. With ``NA`` in them all numbers would be text.
    Staging again changes nothing, and two processes may stage at once.
    """
    staged = data_root / FILE_NAME
    if staged.is_file():
        return data_root
    with (
        source_file().open(newline="", encoding="utf-8") as source,
        written_whole(staged, data_root.parent, newline="") as target,
    ):
        rows = csv.reader(source)
        csv.writer(target, lineterminator="\n").writerows(
            ["" if value == MISSING else value for value in row] for row in rows
        )
    return data_root
