"""What the parts of a running platform take: memory, descriptors, threads, processes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import psutil

FIGURES = {
    "rss_bytes": "resident memory (MB)",
    "pss_bytes": "memory, shared pages in proportion (MB)",
    "descriptors": "open files",
    "threads": "threads",
    "processes": "processes",
}
MEMORY = frozenset(("rss_bytes", "pss_bytes"))


@dataclass(frozen=True)
class Usage:
    """Of one part: its processes together."""

    rss_bytes: int = 0
    pss_bytes: int = 0
    descriptors: int = 0
    threads: int = 0
    processes: int = 0

    def __add__(self, other: Usage) -> Usage:
        both = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return Usage(*(one + another for one, another in both))

    def figure(self, name: str) -> float:
        """In the unit that ``FIGURES`` has for it."""
        value = float(getattr(self, name))
        return value / 1e6 if name in MEMORY else value


@dataclass(frozen=True)
class Sample:
    """The platform at one moment.

    Attributes:
        minutes: since the benchmark began.
        at_rest: whether no node ran.
    """

    minutes: float
    at_rest: bool
    parts: Mapping[str, Usage]


def take(minutes: float, roots: Mapping[str, int], launchers: Iterable[int]) -> Sample:
    """Look at each part now.

    Args:
        roots: process of each part that is watched alone; what the scheduler has started are its
            workers, and what these have started are tasks.
        launchers: processes of launchers, whose children are nodes.
    """
    parts = {name: _usage([pid]) for name, pid in roots.items()}
    scheduler = _children(roots.get("scheduler", 0))
    parts["workers"] = _usage(scheduler)
    nodes = [child for pid in launchers for child in _children(pid)]
    parts["launcher"] = _usage(launchers)
    everything = {*roots.values(), *launchers}
    for pid in [*everything]:
        with contextlib.suppress(psutil.Error):
            everything |= {item.pid for item in psutil.Process(pid).children(recursive=True)}
    parts["all of it"] = _usage(everything)
    return Sample(minutes, not nodes, parts)


def _children(pid: int) -> list[int]:
    with contextlib.suppress(psutil.Error):
        return [item.pid for item in psutil.Process(pid).children()] if pid else []
    return []


def _usage(pids: Iterable[int]) -> Usage:
    total = Usage()
    for pid in pids:
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            memory = process.memory_full_info()
            total += Usage(memory.rss, memory.pss, process.num_fds(), process.num_threads(), 1)
    return total
