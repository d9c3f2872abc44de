"""What ``headrace flink status`` says, as data."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from headrace.bootstrap.machine import without_credentials
from headrace.errors import HeadraceError
from headrace.flink.paths import flink_paths
from headrace.flink.pool import STATE_FILE, read_harnesses
from headrace.flink.rest import FlinkApi, FlinkUnreachable
from headrace.flink.state import ClusterState, cluster_of
from headrace.services.health import all_running, describe_components, process_memory
from headrace.services.state import Phase, ServiceState, read_state
from headrace.settings import Settings

_ASK_SECONDS = 5.0


def describe(settings: Settings) -> dict[str, Any]:
    """The cluster's state: ``up``, ``starting``, ``unhealthy``, ``crashed`` or ``down``.

    A cluster that ``flink_master`` names is ``up`` or ``unreachable``, and has no components here.
    """
    if settings.flink.master is not None:
        url = settings.flink.master
        asked = _ask(url)
        verdict = "up" if "slots" in asked else "unreachable"
        return {**_nothing(verdict), "url": without_credentials(url), **asked}
    state = read_state(flink_paths(settings).state)
    if state is None:
        return _nothing("down")
    found = {
        **_nothing("crashed"),
        "message": state.message,
        "components": describe_components(state),
    }
    if not state.is_alive:
        return found
    try:
        cluster = cluster_of(state)
    except HeadraceError as error:
        return {**found, "state": "unhealthy", "message": str(error)}
    asked = _ask(cluster.rest_url)
    return {
        **found,
        "state": _verdict(state, cluster, asked),
        "url": cluster.rest_url,
        "worker_pool": cluster.worker_pool,
        "logs": cluster.logs,
        "harnesses": _harnesses(cluster),
        **asked,
    }


def _nothing(verdict: str) -> dict[str, Any]:
    return {
        "state": verdict,
        "url": "",
        "message": "",
        "version": "",
        "slots": {"total": 0, "free": 0},
        "task_managers": 0,
        "jobs": [],
        "worker_pool": "",
        "harnesses": [],
        "logs": "",
        "components": [],
    }


def _verdict(state: ServiceState, cluster: ClusterState, asked: dict[str, Any]) -> str:
    if state.phase is not Phase.RUNNING:
        return str(state.phase.value)
    complete = "slots" in asked and asked["slots"]["total"] >= cluster.slots
    return "up" if complete and all_running(state) else "unhealthy"


def _ask(url: str) -> dict[str, Any]:
    """What the JobManager says; only why not, if it does not answer."""
    try:
        with FlinkApi(url, _ASK_SECONDS) as api:
            overview, jobs = api.overview(), api.jobs()
    except FlinkUnreachable as error:
        return {"message": error.message}
    return {
        "version": overview.version,
        "slots": {"total": overview.slots, "free": overview.free_slots},
        "task_managers": overview.task_managers,
        "jobs": [asdict(job) for job in jobs],
    }


def _harnesses(cluster: ClusterState) -> list[dict[str, Any]]:
    """The pool's harnesses that are alive, each with its memory in bytes."""
    state = Path(cluster.jobs_directory).parent / STATE_FILE
    found = []
    for harness in read_harnesses(state):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(harness.pid)
            found.append({**asdict(harness), "memory_bytes": process_memory(process)})
    return found
