"""Brings an instance up and down, from any shell."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from headrace.errors import HeadraceError
from headrace.files import exclusive_lock
from headrace.services import lifecycle
from headrace.services.environment import USER, airflow_environ, dag_folder, password, prepare
from headrace.services.instance import Instance
from headrace.services.logs import tail
from headrace.services.ports import Ports, free_port, require_free
from headrace.services.readiness import wait_for_dags
from headrace.services.rest import AirflowApi
from headrace.services.state import Phase, ServiceState, read_state

Say = Callable[[str], None]


def running(instance: Instance) -> ServiceState | None:
    """The state of the instance if its supervisor is alive, else None."""
    return lifecycle.running(instance.state)


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
        lifecycle.clean_up(instance.state)
        chosen = free_port() if port is None else require_free(port)
        ports = Ports(chosen, free_port())
        prepare(instance)
        command = [
            sys.executable,
            "-m",
            "headrace.services.airflow",
            f"--home={instance.home}",
            f"--state={instance.state}",
            f"--port={ports.api}",
            f"--log-port={ports.logs}",
            f"--runner={runner}",
            *(["--with-parent"] if with_parent else []),
        ]
        return lifecycle.start_supervisor(
            "Airflow",
            command,
            instance.state,
            instance.logs / "supervisor.log",
            instance.settings.project,
            airflow_environ(instance, ports, runner),
        )


def wait_until_ready(instance: Instance, say: Say) -> ServiceState:
    """Wait until every component is healthy and every DAG file has been parsed.

    Raises:
        HeadraceError: it does not get further for minutes; the message has the end of the log.
    """
    deadline = time.monotonic() + lifecycle.START_SECONDS
    told = ""
    while time.monotonic() < deadline:
        state = read_state(instance.state)
        if state is None or not state.is_alive or state.phase is Phase.FAILED:
            reason = state.message if state is not None else ""
            raise HeadraceError(
                "Airflow did not start", reason or tail(instance.logs / "supervisor.log")
            )
        lifecycle.require_none_failing("Airflow", state)
        with api(instance, state) as client:
            missing = _unhealthy(client.health())
            if not missing:
                # Meanwhile: the first request of a task takes seconds, so that it be ours.
                with ThreadPoolExecutor(1) as pool:
                    warm = pool.submit(client.warm_up)
                    wait_for_dags(client, dag_folder(instance), state.since, say)
                    warm.result()
                return state
        text = state.message or f"waiting for {', '.join(missing)}"
        if text != told:
            say(text)
            told = text
            deadline = time.monotonic() + lifecycle.START_SECONDS
        time.sleep(lifecycle.POLL_SECONDS)
    raise HeadraceError(
        f"Airflow is not ready: {told} for {lifecycle.START_SECONDS:.0f} s",
        tail(instance.logs / "api-server.log"),
    )


def _unhealthy(health: dict[str, str]) -> list[str]:
    needed = ("metadatabase", "scheduler", "dag_processor")
    if not health:
        return ["the API server"]
    return [name.replace("_", " ") for name in needed if health.get(name) != "healthy"]


def stop(instance: Instance) -> bool:
    """Stop the instance, whatever is left of it; return whether anything was."""
    with exclusive_lock(instance.lock):
        return lifecycle.stop(instance.state)


def api(instance: Instance, state: ServiceState) -> AirflowApi:
    """A client of the running instance."""
    return AirflowApi(state.url, USER, password(instance))
