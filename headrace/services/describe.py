"""What ``headrace status`` says, as data."""

from __future__ import annotations

from typing import Any

from headrace.launcher.starting import launcher_processes
from headrace.services import control
from headrace.services.health import all_running, describe_components
from headrace.services.instance import Instance
from headrace.services.state import Phase, ServiceState, read_state


def describe(instance: Instance) -> dict[str, Any]:
    """The instance's state: ``up``, ``starting``, ``unhealthy``, ``crashed`` or ``down``."""
    state = read_state(instance.state)
    launchers = launcher_processes(instance.settings)
    return {
        "airflow": _verdict(instance, state),
        "url": state.url if state is not None and state.is_alive else "",
        "components": describe_components(state),
        "launchers": [
            {"pid": found.pid, "keras": keras.value} for keras, found in launchers.items()
        ],
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
    return "up" if healthy and all_running(state) else "unhealthy"
