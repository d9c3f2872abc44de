"""Waiting for what other processes do."""

import time
from collections.abc import Callable

LONG_SECONDS = 600.0
"""Longer than anything takes here, however much the machine has to do: no test is about speed."""
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.25


def wait_until(condition: Callable[[], object], seconds: float = LONG_SECONDS) -> None:
    """Return once it holds; what takes long is asked for less often."""
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(pause)
        pause = min(1.2 * pause, _LONGEST_PAUSE_SECONDS)
