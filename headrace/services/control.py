"""Brings an instance up and down, from any shell."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from headrace.errors import HeadraceError
from headrace.files import exclusive_lock
from headrace.services.environment import USER, airflow_environ, password, prepare
from headrace.services.identity import ProcessIdentity, end_sessions, wait_until_gone
from headrace.services.instance import Instance
from headrace.services.logs import tail
from headrace.services.ports import Ports, free_port, require_free
from headrace.services.readiness import wait_for_dags
from headrace.services.rest import AirflowApi
from headrace.services.state import Phase, ServiceState, read_state

_START_SECONDS = 180.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.3

Say = Callable[[str], None]


def running(instance: Instance) -> ServiceState | None:
    """The state of the instance if its supervisor is alive, else None."""
    state = read_state(instance.state)
    return state if state is not None and state.is_alive else None


def start(
    instance: Instance, port: int | None, runner: str, *, with_parent: bool = False
) -> ServiceState:
    """Start the instance's supervisor, unless it runs already, and return its first state.

    Raises:
        UsageError: the port is in use.
        HeadraceError: the supervisor does not start.
    """
    with exclusive_lock(instance.lock):
        state = running(instance)
        if state is not None:
            return state
        clean_up(instance)
        chosen = free_port() if port is None else require_free(port)
        ports = Ports(chosen, free_port())
        prepare(instance)
        log = instance.logs / "supervisor.log"
        command = [
            sys.executable,
            "-m",
            "headrace.services.supervisor",
            f"--home={instance.home}",
            f"--state={instance.state}",
            f"--port={ports.api}",
            f"--log-port={ports.logs}",
            f"--runner={runner}",
            *(["--with-parent"] if with_parent else []),
        ]
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=instance.settings.project,
                env=airflow_environ(instance, ports, runner),
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            state = running(instance)
            if state is not None:
                return state
            time.sleep(_POLL_SECONDS)
    raise HeadraceError("Airflow's supervisor did not start", tail(log))


def wait_until_ready(instance: Instance, say: Say) -> ServiceState:
    """Wait until every component is healthy and every DAG file has been parsed.

    Raises:
        HeadraceError: it does not get there; the message has the end of the log.
    """
    deadline = time.monotonic() + _START_SECONDS
    told = ""
    while time.monotonic() < deadline:
        state = read_state(instance.state)
        if state is None or not state.is_alive or state.phase is Phase.FAILED:
            reason = state.message if state is not None else ""
            raise HeadraceError(
                "Airflow did not start", reason or tail(instance.logs / "supervisor.log")
            )
        _require_no_failing(state)
        with api(instance, state) as client:
            missing = _unhealthy(client.health())
            if not missing:
                # Meanwhile: the first request of a task takes seconds, so that it be ours.
                with ThreadPoolExecutor(1) as pool:
                    warm = pool.submit(client.warm_up)
                    wait_for_dags(client, instance.settings.project / "dags", state.since, say)
                    warm.result()
                return state
        text = state.message or f"waiting for {', '.join(missing)}"
        if text != told:
            say(text)
            told = text
        time.sleep(_POLL_SECONDS)
    raise HeadraceError(
        f"Airflow is not ready after {_START_SECONDS:.0f} s: {told}",
        tail(instance.logs / "api-server.log"),
    )


def _unhealthy(health: dict[str, str]) -> list[str]:
    needed = ("metadatabase", "scheduler", "dag_processor")
    if not health:
        return ["the API server"]
    return [name.replace("_", " ") for name in needed if health.get(name) != "healthy"]


def _require_no_failing(state: ServiceState) -> None:
    for name, component in state.components.items():
        if component.failing:
            raise HeadraceError(f"Airflow's {name} does not stay up", component.trouble)


def stop(instance: Instance) -> bool:
    """Stop the instance, whatever is left of it; return whether anything was."""
    with exclusive_lock(instance.lock):
        state = read_state(instance.state)
        if state is None:
            return False
        found = state.is_alive or any(process.find() for process in state.processes())
        if state.is_alive:
            end_supervisor(state.supervisor)
        clean_up(instance)
        return found


def end_supervisor(supervisor: ProcessIdentity) -> None:
    """Ask the supervisor to stop everything; kill it if it does not."""
    process = supervisor.find()
    if process is not None:
        process.terminate()
    if not wait_until_gone(supervisor, _STOP_SECONDS):
        end_sessions([supervisor], grace_seconds=1.0)


def clean_up(instance: Instance) -> None:
    """End what a dead supervisor has left, and forget it."""
    state = read_state(instance.state)
    if state is not None:
        end_sessions(state.processes(), grace_seconds=5.0)
    if instance.state.exists():
        os.unlink(instance.state)


def api(instance: Instance, state: ServiceState) -> AirflowApi:
    """A client of the running instance."""
    return AirflowApi(state.url, USER, password(instance))
