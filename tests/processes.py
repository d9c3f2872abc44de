"""Processes that tests look for; other sessions on this machine have some like them."""

import contextlib
from pathlib import Path

import psutil

_SPAWNED = (["sleep", "601"], ["sleep", "602"])
"""By a node of the pipeline ``tiny`` in mode ``spawn``."""


def command_lines() -> list[str]:
    """What every process shows of itself to all users of the machine."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found.append(" ".join(process.cmdline()))
    return found


def processes_with(marker: str) -> list[psutil.Process]:
    """Every process that was started with this in its environment, and lives."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environ = Path(f"/proc/{process.pid}/environ").read_bytes()
            if marker.encode() in environ and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def spawned(home: Path) -> list[psutil.Process]:
    """What nodes in mode ``spawn`` have started and still runs, of this state directory."""
    found = []
    for process in processes_with(f"HEADRACE_HOME={home}\0"):
        with contextlib.suppress(psutil.Error):
            if process.cmdline() in _SPAWNED:
                found.append(process)
    return found
