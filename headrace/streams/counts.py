"""What a stream has done so far, by what is in its directory: exact over restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.errors import HeadraceError


@dataclass(frozen=True)
class StreamCounts:
    """Files that were read, what became of their rows, spans that landed, and files predicted."""

    files: int = 0
    rows: int = 0
    late: int = 0
    bad: int = 0
    spans: int = 0
    landed_rows: int = 0
    predicted_files: int = 0


def count_stream(directory: Path) -> StreamCounts:
    """Count; a directory that is not there has nothing.

    Raises:
        HeadraceError: a file in it is damaged.
    """
    read = list(_all(directory / "read", ("rows", "late", "bad")))
    landed = list(announcements(directory))
    return StreamCounts(
        files=len(read),
        rows=sum(one["rows"] for one in read),
        late=sum(one["late"] for one in read),
        bad=sum(one["bad"] for one in read),
        spans=len(landed),
        landed_rows=sum(one["rows"] for one in landed),
        predicted_files=sum(1 for _ in (directory / "predictions").glob("[!.]*.jsonl")),
    )


def announcements(directory: Path) -> Iterator[dict[str, Any]]:
    """The spans in a stream's outbox, in order: ``span``, ``uri``, ``start``, ``end``, ``rows``.

    Raises:
        HeadraceError: a file in it is damaged.
    """
    yield from sorted(_all(directory / "outbox", ("span", "rows")), key=lambda one: one["span"])


def _all(folder: Path, numbers: Sequence[str]) -> Iterator[dict[str, Any]]:
    for path in folder.glob("[!.]*.json"):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or any(type(found.get(one)) is not int for one in numbers):
            raise HeadraceError(f"{path} is damaged", "copy it from a backup of the directory")
        yield found
