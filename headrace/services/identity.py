"""Which process is meant: a pid is reused, a pid with its start time in one boot is not."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil

_PROC = Path("/proc")
_POLL_SECONDS = 0.05
_SAME_START_SECONDS = 0.015
"""The kernel counts start times in hundredths."""


@cache
def boot_id() -> str:
    """Names this start of the machine; empty where the kernel does not say."""
    with contextlib.suppress(OSError):
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return ""


@dataclass(frozen=True)
class ProcessIdentity:
    """A process.

    Attributes:
        started: when it started, in seconds after the machine's. Unlike a time of day it reads the
            same after the clock was set.
        boot: which start of the machine that was.
    """

    pid: int
    started: float
    boot: str = field(default_factory=boot_id)

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """The process with this id now; psutil.NoSuchProcess if there is none."""
        return cls(pid, _started(pid), boot_id())

    @property
    def is_of_this_boot(self) -> bool:
        return self.boot == boot_id()

    def find(self) -> psutil.Process | None:
        """The process if it is still running, else None."""
        try:
            if not self.is_of_this_boot or not self._has(_started(self.pid)):
                return None
            process = psutil.Process(self.pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else process
        except psutil.Error:
            return None

    def leads_session_of(self, pid: int) -> bool:
        """Whether ``pid`` is in the session that this process leads, or led before it ended.

        The kernel gives a session's id to no new process while the session has members. So if
        another process has this one's pid, this one's session has ended.
        """
        if not self.is_of_this_boot or os.getsid(pid) != self.pid:
            return False
        try:
            return self._has(_started(self.pid))
        except psutil.NoSuchProcess:
            return _started(pid) >= self.started

    def _has(self, started: float) -> bool:
        return abs(started - self.started) < _SAME_START_SECONDS


def _started(pid: int) -> float:
    """Seconds from the machine's start to the process's (proc_pid_stat(5), field 22)."""
    if not _PROC.joinpath("self", "stat").exists():
        return psutil.Process(pid).create_time()
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    # The second field is the command in parentheses, and may hold blanks and parentheses itself.
    return int(text.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")


def end_sessions(leaders: Iterable[ProcessIdentity], grace_seconds: float) -> None:
    """End each process and every other of the session that it leads or led.

    SIGTERM to the leaders, so that they can end their own; after the grace SIGKILL to all.
    """
    leaders = list(leaders)
    alive = [process for leader in leaders if (process := leader.find()) is not None]
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _wait(alive, grace_seconds)
    left = list(session_members(leaders))
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    _wait(left, grace_seconds)


def _wait(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Wait until they have ended; one that its parent has yet to reap has."""
    deadline = time.monotonic() + seconds
    while any(_runs(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def session_members(
    leaders: Iterable[ProcessIdentity], spare: Set[int] = frozenset()
) -> Iterator[psutil.Process]:
    """Every running process of the leaders' sessions, but this one and those to ``spare``."""
    by_pid = {leader.pid: leader for leader in leaders}
    spare = {*spare, os.getpid()}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            leader = by_pid.get(os.getsid(process.pid))
            if leader is not None and process.pid not in spare:
                zombie = process.status() == psutil.STATUS_ZOMBIE
                if not zombie and leader.leads_session_of(process.pid):
                    yield process


def wait_until_gone(identity: ProcessIdentity, seconds: float) -> bool:
    """Wait for the process to end; return whether it did."""
    deadline = time.monotonic() + seconds
    while identity.find() is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
