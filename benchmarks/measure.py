"""Runs a command as a whole process and reports what it cost, by the kernel's own account."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """One finished process: seconds of wall clock and CPU, and bytes of peak resident memory."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int


@dataclass(frozen=True)
class Summary:
    """Median and spread of one figure over several runs."""

    median: float
    low: float
    high: float
    runs: int


def run_process(
    command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], log: Path
) -> Cost:
    """Run ``command`` to its end and return its cost.

    Raises:
        RuntimeError: it failed; the message names its log.
    """
    with log.open("ab") as output:
        start = time.monotonic()
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(environ), stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: see {log}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def summarize(values: Sequence[float]) -> Summary:
    """Median, least and greatest of the values."""
    return Summary(statistics.median(values), min(values), max(values), len(values))


def interleaved(
    subjects: Mapping[str, Callable[[], T]], repeats: int, uncounted: int = 0
) -> dict[str, list[T]]:
    """What each subject gives in ``repeats`` rounds, one after another within a round.

    Whatever else the machine does meanwhile, and how warm it is, falls on all of them alike.

    Args:
        uncounted: rounds before, which fill caches.
    """
    found: dict[str, list[T]] = {subject: [] for subject in subjects}
    for number in range(uncounted + repeats):
        for subject, measure in subjects.items():
            value = measure()
            if number >= uncounted:
                found[subject].append(value)
    return found
