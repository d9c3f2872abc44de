"""A process that does nothing until its supervisor ends, then ends what the supervisor left."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from headrace.services.identity import ProcessIdentity, end_sessions
from headrace.services.state import read_state

_GRACE_SECONDS = 5.0


@contextlib.contextmanager
def guarded(supervisor: ProcessIdentity, state: Path) -> Iterator[None]:
    """Keep a guard while in this context; call it before any thread is started.

    A supervisor that was killed cannot stop its components. The kernel ends those that asked it to
    (prctl(2)), but not their children, such as the executor's workers and the tasks in them.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _guard(reading, writing, supervisor, state)
    os.close(reading)
    try:
        yield
    finally:
        os.close(writing)
        os.waitpid(pid, 0)


def _guard(reading: int, writing: int, supervisor: ProcessIdentity, state: Path) -> None:
    code = 1
    try:
        os.setsid()
        os.close(writing)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        # Nobody writes: this returns when the last writing end is closed, by whatever end.
        os.read(reading, 1)
        found = read_state(state)
        # A state of another supervisor is of a later start, which is none of this guard's business.
        if found is not None and found.supervisor == supervisor:
            end_sessions(found.processes(), _GRACE_SECONDS)
        code = 0
    finally:
        os._exit(code)
