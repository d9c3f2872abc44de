"""How many cases a property has, that they are counted, and that none of them runs for ever."""

from __future__ import annotations

import functools
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

TIMES_VARIABLE = "HEADRACE_BAD_INPUT_TIMES"
"""How many times as many cases a campaign has; unset where the tests are run as tests."""
RESULTS_VARIABLE = "HEADRACE_BAD_INPUT_RESULTS"
"""A directory for what a campaign has tried."""
CASES: Counter[str] = Counter()
"""Cases that were tried, by the property's file and name."""

_BUSY_SECONDS = 30
_WAITING_SECONDS = 600
"""Every input is small. What computes or waits so long for one of them would never end."""


_ALARMS = (signal.SIGPROF, signal.SIGALRM)


class Endless(AssertionError):
    """A case did not end."""


def fuzzed(cases: int, **strategies: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a test a property that is tried with so many cases.

    Args:
        strategies: of the test's arguments, as for ``hypothesis.given``.
    """
    times = int(os.environ.get(TIMES_VARIABLE, 0))
    chosen = settings(
        max_examples=cases * (times or 1),
        derandomize=not times,
        # A case that fails is to be a test of its own, and not to live in one machine's directory.
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        name = f"{test.__code__.co_filename}::{test.__name__}"

        @functools.wraps(test)
        def bounded(*args: Any, **kwargs: Any) -> None:
            CASES[name] += 1
            _note(name, kwargs)
            before = [signal.signal(number, _endless) for number in _ALARMS]
            signal.setitimer(signal.ITIMER_PROF, _BUSY_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, _WAITING_SECONDS)
            try:
                test(*args, **kwargs)
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.setitimer(signal.ITIMER_REAL, 0)
                for number, handler in zip(_ALARMS, before, strict=True):
                    signal.signal(number, handler)

        return chosen(given(**strategies)(bounded))

    return decorate


def _note(name: str, case: object) -> None:
    """Write a campaign's case down before it is tried: native code may end the whole process."""
    folder = os.environ.get(RESULTS_VARIABLE)
    if folder:
        Path(folder, f"{os.getpid()}.case").write_text(f"{name}\n{case!r}\n", errors="replace")


def _endless(number: int, _: object) -> None:
    raise Endless("it computes without end" if number == signal.SIGPROF else "it waits without end")
