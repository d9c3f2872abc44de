"""How the components of a service are, as data."""

from __future__ import annotations

import contextlib
from typing import Any

import psutil

from headrace.services.identity import ProcessIdentity
from headrace.services.state import ComponentState, ServiceState


def describe_components(state: ServiceState | None) -> list[dict[str, Any]]:
    """Each component's name, state, process, restarts, last trouble and memory in bytes."""
    if state is None:
        return []
    return [
        {
            "name": name,
            "state": component_state(item),
            "pid": item.process.pid,
            "restarts": item.restarts,
            "trouble": item.trouble,
            "memory_bytes": memory_of(item.process),
        }
        for name, item in state.components.items()
    ]


def component_state(item: ComponentState) -> str:
    """``running``, ``dead`` or, if it keeps dying, ``failing``."""
    if item.failing:
        return "failing"
    return "running" if item.process.find() else "dead"


def all_running(state: ServiceState) -> bool:
    """Whether every component runs, and none keeps dying."""
    return all(component_state(item) == "running" for item in state.components.values())


def memory_of(identity: ProcessIdentity) -> int:
    """Memory of the process and its children in bytes; each has its share of shared pages."""
    process = identity.find()
    total = 0
    if process is not None:
        with contextlib.suppress(psutil.Error):
            for member in (process, *process.children(recursive=True)):
                total += process_memory(member)
    return total


def process_memory(process: psutil.Process) -> int:
    """Memory of one process in bytes, with its share of what it shares; 0 if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        try:
            return int(process.memory_full_info().pss)
        except (psutil.AccessDenied, AttributeError):
            return int(process.memory_info().rss)
    return 0
