"""The end of a log, for a message."""

from __future__ import annotations

from pathlib import Path

_TAIL_BYTES = 8000


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log and where the rest is."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return f"(no log at {log})"
    return "\n".join([*text.splitlines()[-lines:], f"(the end of {log})"])
