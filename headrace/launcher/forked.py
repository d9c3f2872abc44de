"""Forks a process of the server's, which lets go of all that is the server's."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from headrace.errors import EXIT_DONE, EXIT_FAILED, HeadraceError
from headrace.launcher.processes import (
    HELD_BACK,
    die_with_parent,
    end_forked_process,
    fork_quietly,
)
from headrace.launcher.relay import JobPipes


@dataclass(frozen=True)
class Forked:
    """A process that was forked, and what it writes to."""

    pid: int
    pipes: JobPipes


def fork_process(begin: Callable[[int, int], NoReturn], keep: Collection[int] = ()) -> Forked:
    """Fork a process that begins with this.

    Args:
        begin: called in it with the file descriptors for its frames and for its output.
        keep: other descriptors that stay open in it.

    Raises:
        OSError: there can be no process.
    """
    frames_read, frames_write = os.pipe()
    output_read, output_write = os.pipe()
    try:
        pid = fork_quietly()
    except OSError:
        for descriptor in (frames_read, frames_write, output_read, output_write):
            os.close(descriptor)
        raise
    if pid == 0:
        die_with_parent()
        _become_child(
            (frames_write, output_write, *keep), lambda: begin(frames_write, output_write)
        )
    os.close(frames_write)
    os.close(output_write)
    return Forked(pid, JobPipes(frames_read, output_read))


def fork_aside(do: Callable[[], object], log: Path) -> None:
    """Fork a process that does this, and goes on when the server ends; nobody waits for it.

    Args:
        log: gets what it prints, after what others have printed.

    Raises:
        OSError: there can be no process, or no such log.
    """
    said = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        if fork_quietly() == 0:
            _become_child((said,), lambda: _do_aside(do, said))
    finally:
        os.close(said)


def _do_aside(do: Callable[[], object], said: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        os.dup2(said, stream.fileno())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)
    code = EXIT_FAILED
    try:
        do()
        code = EXIT_DONE
    except HeadraceError as error:
        print(error, file=sys.stderr)
    except Exception:
        traceback.print_exc()
    end_forked_process(code)


def _become_child(keep: Collection[int], begin: Callable[[], NoReturn]) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        _close_all_but(keep)
        # Should memory run out, the kernel ends this process rather than the server.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            numpy.random.seed()
        begin()
    finally:
        os._exit(1)


def _close_all_but(keep: Collection[int]) -> None:
    first = 3
    for descriptor in sorted(keep):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))
