"""What of headrace runs in a project, for a command that must be alone with its store."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

from headrace.errors import UsageError
from headrace.launcher.starting import launcher_processes
from headrace.services import lifecycle
from headrace.services.instance import main_instance
from headrace.settings import Settings


def require_idle(settings: Settings, store: Path) -> None:
    """Pass if nothing runs that may use the store.

    Raises:
        UsageError: something does; says what, and how to end it.
    """
    found = [*_running(settings), *_users(store)]
    if found:
        raise UsageError(
            f"{', '.join(found)} may be using the metadata store",
            "bin/headrace down stops what runs on; wait for the rest, or end it",
        )


def _running(settings: Settings) -> Iterator[str]:
    if lifecycle.running(main_instance(settings).state) is not None:
        yield "Airflow"
    for process in launcher_processes(settings).values():
        yield f"the launcher (process {process.pid})"
    for lock in sorted(settings.layout.runs.glob("*/.lock")):
        with contextlib.suppress(OSError), lock.open() as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                yield f"run {lock.parent.name}"


def _users(store: Path) -> Iterator[str]:
    """Processes of this user that have the database open: those of other hosts are not seen."""
    for process in psutil.process_iter():
        if process.pid != os.getpid():
            with contextlib.suppress(psutil.Error, OSError):
                if any(file.path == str(store) for file in process.open_files()):
                    yield f"process {process.pid} ({process.name()})"
