"""How many nodes a host has room for at once: by their number, and by the memory that is left."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from headrace.launcher.protocol import ErrorFrame, Request

_NODES_A_CORE = 4
"""More than one, since nodes wait for disks, the metadata store and Flink."""
_BYTES_A_NODE = 1_000_000_000
_YOUNG_SECONDS = 30.0
"""A node that began so shortly ago has not yet taken the memory that it will take."""
_SHOWN = 200
"""Characters of a node's id."""
_CGROUP = Path("/sys/fs/cgroup")


def available_memory(cgroup: Path = _CGROUP) -> int:
    """Bytes that new processes can take, here or within the container's limit."""
    available = int(psutil.virtual_memory().available)
    try:
        limit = int((cgroup / "memory.max").read_text(encoding="ascii"))
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        lines = (cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
        cached = next(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    except (OSError, ValueError, IndexError, StopIteration):
        return available  # there is no container, or it has no limit
    return min(available, limit - used + cached)


@dataclass(frozen=True)
class Room:
    """Room on this host.

    Attributes:
        nodes: the greatest number at once; 0: four for each core.
    """

    nodes: int = 0
    available: Callable[[], int] = available_memory
    now: Callable[[], float] = time.monotonic

    def for_another(self, started: Iterable[float]) -> bool:
        """Whether one more node can begin beside those that began at these times, and run.

        One can always run alone. Those that began a moment ago are taken to need what they have not
        yet taken, or a crowd that comes at once would find room for all of it.
        """
        ages = [self.now() - at for at in started]
        if not ages:
            return True
        if len(ages) >= (self.nodes or _NODES_A_CORE * len(os.sched_getaffinity(0))):
            return False
        young = sum(age < _YOUNG_SECONDS for age in ages)
        return self.available() >= (young + 1) * _BYTES_A_NODE


def waiting_text(request: Request, running: int) -> str:
    """What a client is told whose node waits."""
    return f"{_node(request)} waits for room on this host, where {running} nodes run"


def cancelled(request: Request) -> ErrorFrame:
    """What a client is told whose node was cancelled while it waited."""
    return ErrorFrame("Cancelled", f"node {_node(request)}: the job was cancelled before it began")


def _node(request: Request) -> str:
    return str(request.payload.get("node_id", "the node"))[:_SHOWN]
