"""Which process is meant: a pid is reused, a pid with its start time is not."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

_SAME_START_SECONDS = 0.05


@dataclass(frozen=True)
class ProcessIdentity:
    """A process: its id and when it started, in seconds since the epoch."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """The process with this id now; psutil.NoSuchProcess if there is none."""
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The process if it is still running, else None."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) > _SAME_START_SECONDS:
                return None
            return None if process.status() == psutil.STATUS_ZOMBIE else process
        except psutil.Error:
            return None


def end_sessions(leaders: Iterable[ProcessIdentity], grace_seconds: float) -> None:
    """End each process and every other of the session that it leads or led.

    SIGTERM to the leaders, so that they can end their own; after the grace SIGKILL to all.
    """
    leaders = list(leaders)
    alive = [process for leader in leaders if (process := leader.find()) is not None]
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    psutil.wait_procs(alive, timeout=grace_seconds)
    sessions = {leader.pid for leader in leaders}
    left = list(_members(sessions))
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(left, timeout=grace_seconds)


def _members(sessions: set[int]) -> Iterable[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getsid(process.pid) in sessions and process.pid != os.getpid():
                yield process


def wait_until_gone(identity: ProcessIdentity, seconds: float) -> bool:
    """Wait for the process to end; return whether it did."""
    deadline = time.monotonic() + seconds
    while identity.find() is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
