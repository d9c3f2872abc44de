"""How busy the machine is with other things while nothing is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

_TICKS_FILE = Path("/proc/stat")
_IDLE_FIELDS = (3, 4)  # idle, and idle waiting for a disk: see proc(5)


def busy_processors(
    seconds: float = 2.0,
    read: Callable[[], str] = _TICKS_FILE.read_text,
    wait: Callable[[float], None] = time.sleep,
) -> float:
    """How many processors worked, on average over the next seconds.

    Args:
        read: what has the kernel's counts of time, as ``/proc/stat``.
    """
    before = _counts(read())
    wait(seconds)
    after = _counts(read())
    spent = [after[0][n] - before[0][n] for n in range(len(before[0]))]
    total = sum(spent)
    if total <= 0:
        return 0.0
    idle = sum(spent[field] for field in _IDLE_FIELDS)
    return before[1] * (total - idle) / total


def _counts(text: str) -> tuple[list[int], int]:
    lines = text.splitlines()
    processors = sum(line.startswith("cpu") for line in lines) - 1
    # Guests' time is counted in user time already.
    return [int(word) for word in lines[0].split()[1:9]], processors
