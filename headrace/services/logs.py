"""Logs of components: their end, for a message, and their size."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_TAIL_BYTES = 8000
_LARGE_BYTES = 20_000_000


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log and where the rest is."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return f"(no log at {log})"
    return "\n".join([*text.splitlines()[-lines:], f"(the end of {log})"])


def limit_size(log: Path) -> None:
    """Move a large log aside, over the one that was moved before, so that a new one begins."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LARGE_BYTES:
            os.replace(log, log.with_name(f"{log.name}.1"))
