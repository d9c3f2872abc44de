"""Logs of components: their end, for a message, and their size."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

_TAIL_BYTES = 64_000
_STACK_FRAME = re.compile(r"\s+(at [\w.$/<>]+\(.*|\.\.\. \d+ (more|common frames omitted))")
_LARGE_BYTES = 20_000_000


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, without the frames of Java's traces, and where the rest is."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return f"(no log at {log})"
    kept = [line for line in text.splitlines() if not _STACK_FRAME.match(line)]
    return "\n".join([*kept[-lines:], f"(the end of {log})"])


def limit_size(log: Path) -> None:
    """Move a large log aside, over the one that was moved before, so that a new one begins."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LARGE_BYTES:
            os.replace(log, log.with_name(f"{log.name}.1"))
