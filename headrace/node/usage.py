"""What a node cost: wall clock, CPU and peak memory of its process and of those it started."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """Seconds, seconds, and bytes of the largest process's peak resident memory.

    A forked process counts the pages that it shares with the launcher as its own, as the kernel
    does.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int


class Meter:
    """Measures from its making."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._cpu = _cpu_seconds()

    def read(self) -> Usage:
        """Usage since the meter was made; memory is the process's peak so far."""
        peak = max(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        return Usage(time.monotonic() - self._start, _cpu_seconds() - self._cpu, peak * 1024)


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
