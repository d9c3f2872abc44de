"""What Beam's sampler in this thread has found of the steps of a bundle.

The direct runner has these figures among a job's metrics; Flink's job service leaves them out.
"""

from __future__ import annotations

import re
from typing import Any

from apache_beam.metrics import Metrics
from apache_beam.runners.worker import statesampler

TIME = "headrace.time"
"""Namespace of the distributions: microseconds of a step in a bundle."""
_STEP = re.compile(r"(?:^|/)([^/]+)/Step(?:/|$)")
_TOLD = "headrace_told"


def begin() -> None:
    """Nothing of this bundle is told yet."""
    tracker = statesampler.get_current_tracker()
    if tracker is not None:
        setattr(tracker, _TOLD, {})


def tell() -> None:
    """Count what the measured steps of this bundle took since this was last called."""
    tracker = statesampler.get_current_tracker()
    states: dict[Any, Any] = getattr(tracker, "_states_by_name", {})
    told: dict[Any, int] = getattr(tracker, _TOLD, {})
    found: dict[str, int] = {}
    for name, state in list(states.items()):
        step = _STEP.search(str(name.step_name))
        if step is not None:
            new = state.nsecs - told.get(name, 0)
            told[name] = state.nsecs
            found[step[1]] = found.get(step[1], 0) + new
    for measured, nanoseconds in found.items():
        Metrics.distribution(TIME, measured).update(nanoseconds // 1000)
