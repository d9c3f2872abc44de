"""Starts and stops a service's supervisor, from any shell. Callers hold the service's lock."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from headrace.errors import HeadraceError
from headrace.services.identity import ProcessIdentity, end_sessions, wait_until_gone
from headrace.services.logs import limit_size, tail
from headrace.services.state import ServiceState, read_state

START_SECONDS = 600.0
"""A part that dies is told at once; one that only takes long has a busy machine's time."""
POLL_SECONDS = 0.3
_STOP_SECONDS = 30.0


def running(state: Path) -> ServiceState | None:
    """What the state file says if the supervisor that wrote it is alive, else None."""
    found = read_state(state)
    return found if found is not None and found.is_alive else None


def start_supervisor(
    name: str,
    command: Sequence[str],
    state: Path,
    log: Path,
    directory: Path,
    environ: Mapping[str, str],
) -> ServiceState:
    """Start a supervisor, detached, and return the first state that it writes.

    Args:
        name: what it supervises, for messages: ``Airflow``.
        log: gets what it prints.

    Raises:
        HeadraceError: it does not start; the message has the end of the log.
    """
    limit_size(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            env=dict(environ),
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = running(state)
        if found is not None:
            return found
        time.sleep(POLL_SECONDS)
    raise HeadraceError(f"{name}'s supervisor did not start", tail(log))


def stop(state: Path) -> bool:
    """Stop the service, whatever is left of it; return whether anything was."""
    found = read_state(state)
    if found is None:
        return False
    was_there = found.is_alive or any(process.find() for process in found.processes())
    if found.is_alive:
        end_supervisor(found.supervisor)
    clean_up(state)
    return was_there


def end_supervisor(supervisor: ProcessIdentity) -> None:
    """Ask the supervisor to stop everything; kill it if it does not."""
    process = supervisor.find()
    if process is not None:
        process.terminate()
    if not wait_until_gone(supervisor, _STOP_SECONDS):
        end_sessions([supervisor], grace_seconds=1.0)


def clean_up(state: Path) -> None:
    """End what a dead supervisor has left, and forget it."""
    found = read_state(state)
    if found is not None:
        end_sessions(found.processes(), grace_seconds=5.0)
    if state.exists():
        os.unlink(state)


def require_none_failing(name: str, state: ServiceState) -> None:
    """Raise HeadraceError, with how it ended, if a component keeps dying."""
    for component, item in state.components.items():
        if item.failing:
            raise HeadraceError(f"{name}'s {component} does not stay up", item.trouble)
