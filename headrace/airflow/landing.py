"""Which spans of a directory have arrived whole. Plain Python: it runs in Airflow's triggerer."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headrace.errors import UsageError

SUCCESS = "_SUCCESS"
_UNFINISHED = re.compile(
    r"^[._]|\.(tmp|temp|part|partial|crdownload|inprogress)$|~$", re.IGNORECASE
)
_FIELDS = {
    "{YYYY}": r"(?P<year>\d{4})",
    "{MM}": r"(?P<month>\d{2})",
    "{DD}": r"(?P<day>\d{2})",
    "{SPAN}": r"(?P<span>\d+)",
}
_FIELD = re.compile(r"\{[A-Z]+(?::\d+)?\}")


@dataclass(frozen=True)
class Pattern:
    """The first part of a TFX pattern: the name of a span's directory or file.

    Attributes:
        name: such as ``{YYYY}{MM}{DD}`` or ``day-{SPAN}``.
    """

    name: str
    _regex: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the name.

        Raises:
            UsageError: it has a directory in it, or neither a date nor a span.
        """
        found = set(_FIELD.findall(self.name))
        if "/" in self.name or found not in ({"{YYYY}", "{MM}", "{DD}"}, {"{SPAN}"}):
            raise UsageError(
                f"{self.name!r} cannot be watched",
                "it names a span's directory: with {YYYY}, {MM} and {DD}, or with {SPAN}",
            )
        parts = re.split(f"({_FIELD.pattern})", self.name)
        text = "".join(_FIELDS.get(part, re.escape(part)) for part in parts)
        object.__setattr__(self, "_regex", re.compile(text))

    def span(self, name: str) -> str | None:
        """The span that a directory is named for, as a run takes it; None if it is none."""
        found = self._regex.fullmatch(name)
        if found is None:
            return None
        parts = found.groupdict()
        if "span" in parts:
            return str(int(parts["span"]))
        try:
            return datetime.date(*map(int, parts.values())).strftime("%Y%m%d")
        except ValueError:
            return None


@dataclass
class Landing:
    """A directory in which spans arrive, looked at again and again.

    A span has arrived when its directory holds a file ``_SUCCESS``; or else when nothing in it has
    the name of an unfinished file and nothing has changed for a while, neither between two looks
    nor by the files' own times. Who writes aside and renames is never seen too early either way.

    Attributes:
        since: earlier spans are passed over; empty for none.
        settle_seconds: how long nothing may have changed.
    """

    directory: Path
    pattern: Pattern
    since: str = ""
    settle_seconds: float = 30.0
    _seen: dict[str, tuple[object, float]] = field(default_factory=dict)

    def arrived(self, now: float) -> list[str]:
        """The spans that have arrived at a time in seconds since 1970, oldest first.

        A date that has not come yet is a mistake of some clock: it is not one of them.

        Raises:
            OSError: the directory cannot be read.
        """
        spans = []
        today = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y%m%d")
        has_dates = "{YYYY}" in self.pattern.name
        for entry in os.scandir(self.directory):
            span = self.pattern.span(entry.name)
            if span is None or _order(span) < _order(self.since):
                continue
            if has_dates and span > today:
                continue
            if self._is_whole(entry, now):
                spans.append(span)
        return sorted(set(spans), key=_order)

    def _is_whole(self, entry: os.DirEntry[str], now: float) -> bool:
        try:
            files = _files(Path(entry.path))
        except FileNotFoundError:  # renamed meanwhile
            return False
        if any(os.path.basename(path) == SUCCESS for path in files):
            return len(files) > 1
        parts = {part for path in files for part in os.path.relpath(path, entry.path).split("/")}
        if not files or any(_UNFINISHED.search(part) for part in parts - {"."}):
            self._seen.pop(entry.name, None)
            return False
        before, since = self._seen.get(entry.name, (None, now))
        if before != files:
            since = now
        self._seen[entry.name] = (files, since)
        newest = max(changed for _, changed in files.values())
        # A time in the future is a writer's clock that is ahead: then only the looks count.
        by_times = now - newest if newest <= now else self.settle_seconds
        return now - since >= self.settle_seconds and by_times >= self.settle_seconds


def _files(path: Path) -> Mapping[str, tuple[int, float]]:
    """Size and time of all files of a span, by path."""
    if path.is_file():
        paths = [str(path)]
    else:
        paths = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    stats = {one: os.stat(one) for one in paths}
    return {one: (stat.st_size, stat.st_mtime) for one, stat in stats.items()}


def _order(span: str) -> int:
    return int(span or 0)
