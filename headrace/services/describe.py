"""What ``headrace status`` says, as data."""

from __future__ import annotations

import contextlib
from typing import Any

import psutil

from headrace.launcher.starting import launcher_process
from headrace.services import control
from headrace.services.identity import ProcessIdentity
from headrace.services.instance import Instance
from headrace.services.state import ComponentState, Phase, ServiceState, read_state


def describe(instance: Instance) -> dict[str, Any]:
    """The instance's state: ``up``, ``starting``, ``unhealthy``, ``crashed`` or ``down``."""
    state = read_state(instance.state)
    launcher = launcher_process(instance.settings)
    return {
        "airflow": _verdict(instance, state),
        "url": state.url if state is not None and state.is_alive else "",
        "components": _components(state),
        "launcher": {"pid": launcher.pid} if launcher is not None else None,
    }


def _verdict(instance: Instance, state: ServiceState | None) -> str:
    if state is None:
        return "down"
    if not state.is_alive:
        return "crashed"
    if state.phase is not Phase.RUNNING:
        return str(state.phase.value)
    with control.api(instance, state) as client:
        health = client.health()
    healthy = bool(health) and all(
        health.get(name) == "healthy" for name in ("metadatabase", "scheduler", "dag_processor")
    )
    alive = all(_component_state(item) == "running" for item in state.components.values())
    return "up" if healthy and alive else "unhealthy"


def _components(state: ServiceState | None) -> list[dict[str, Any]]:
    if state is None:
        return []
    return [
        {
            "name": name,
            "state": _component_state(item),
            "pid": item.process.pid,
            "restarts": item.restarts,
            "trouble": item.trouble,
            "memory_bytes": _memory(item.process),
        }
        for name, item in state.components.items()
    ]


def _component_state(item: ComponentState) -> str:
    if item.failing:
        return "failing"
    return "running" if item.process.find() else "dead"


def _memory(identity: ProcessIdentity) -> int:
    """Resident memory of the process and its children, in bytes; shared pages count once each."""
    process = identity.find()
    total = 0
    if process is not None:
        with contextlib.suppress(psutil.Error):
            for member in (process, *process.children(recursive=True)):
                total += member.memory_info().rss
    return total
