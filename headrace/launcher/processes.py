"""Ending a job's processes: the group that it leads, and what is left of its session."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from typing import NoReturn

import psutil

from headrace.launcher.protocol import ExitFrame

GRACE_SECONDS = 5.0
"""Between SIGTERM and SIGKILL."""

HELD_BACK = (signal.SIGTERM, signal.SIGCHLD)
"""Signals that a process which was forked quietly begins with blocked."""

_PR_SET_PDEATHSIG = 1


def signal_group(pid: int, number: int) -> None:
    """Send a signal to every process of the group that ``pid`` leads; nothing if it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def signal_child(pid: int, number: int) -> None:
    """The same for a child of this process's that was not reaped yet.

    One that was forked a moment ago may not lead a group yet, and is sent the signal alone.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            os.kill(pid, number)


def fork_quietly() -> int:
    """Fork; the child begins with ``HELD_BACK`` blocked, and unblocks them once they are its own.

    Until then a signal for the child would be written into the pipe that wakes the parent up, which
    both have: the server would take the end of a job that it has just begun for its own.

    Raises:
        OSError: there can be no process.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid != 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
    return pid


def kill_session(leader: int) -> None:
    """Kill every process of the session that ``leader`` leads or led.

    Workers that Beam or a component started may be in process groups of their own; a session they
    leave only by a setsid of their own.
    """
    signal_group(leader, signal.SIGKILL)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != leader and os.getsid(process.pid) == leader:
                process.kill()


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that made it ends (prctl(2))."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end_forked_process(code: int) -> NoReturn:
    """End this process with what it has printed, and nothing of the one it was forked from.

    Libraries' exit handlers, and Python's own, belong to that one.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(code)


def exit_frame(status: int, usage: object) -> ExitFrame:
    """The exit frame of a reaped process, from what wait4(2) returned."""
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    return ExitFrame(
        code=None if ended_by is not None else os.WEXITSTATUS(status),
        signal=ended_by,
        cpu_seconds=usage.ru_utime + usage.ru_stime,  # type: ignore[attr-defined]
        max_rss_bytes=usage.ru_maxrss * 1024,  # type: ignore[attr-defined]
    )
