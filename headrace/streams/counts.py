"""What a stream has done so far, by what is in its directory: exact over restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class StreamCounts:
    """Files that were read, what became of their rows, and spans that have landed."""

    files: int = 0
    rows: int = 0
    late: int = 0
    bad: int = 0
    spans: int = 0
    landed_rows: int = 0


def count_stream(directory: Path) -> StreamCounts:
    """Count; a directory that is not there has nothing."""
    read = list(_all(directory / "read"))
    landed = list(announcements(directory))
    return StreamCounts(
        files=len(read),
        rows=sum(one["rows"] for one in read),
        late=sum(one["late"] for one in read),
        bad=sum(one["bad"] for one in read),
        spans=len(landed),
        landed_rows=sum(one["rows"] for one in landed),
    )


def announcements(directory: Path) -> Iterator[dict[str, Any]]:
    """The spans in a stream's outbox, in order: ``span``, ``uri``, ``start``, ``end``, ``rows``."""
    yield from sorted(_all(directory / "outbox"), key=lambda one: int(one["span"]))


def _all(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.glob("[!.]*.json"):
        yield json.loads(path.read_text())
