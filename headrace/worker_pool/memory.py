"""How much memory harnesses take, and the end of those that take too much."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable

import psutil

from headrace.worker_pool.harnesses import Harness

_GIB = 1 << 30


def private_bytes(leaders: Iterable[int]) -> dict[int, int]:
    """Bytes that each session has for itself, by the process that leads it.

    What a harness shares with the process that it was forked from is there only once, however many
    harnesses there are, and is not counted.
    """
    sessions: dict[int, list[int]] = defaultdict(list)
    wanted = set(leaders)
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            leader = os.getsid(pid)
            if leader in wanted:
                sessions[leader].append(pid)
    return {leader: sum(map(_private, pids)) for leader, pids in sessions.items()}


def _private(pid: int) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        return int(psutil.Process(pid).memory_full_info().uss)
    return 0


def end_too_large(harnesses: Iterable[Harness], limit: int) -> None:
    """Kill each harness that has taken more bytes than ``limit``."""
    by_pid = {harness.pid: harness for harness in harnesses if harness.pid}
    for pid, taken in private_bytes(by_pid).items():
        if taken > limit:
            by_pid[pid].kill(
                f"{by_pid[pid].name} had taken {taken / _GIB:.1f} GiB of memory, over its limit of "
                f"{limit / _GIB:.1f} GiB, and was killed",
                "raise flink_harness_memory, give the machine more, or lower the parallelism",
            )
