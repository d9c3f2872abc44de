"""Lets one set-up at a time change the environments of a state directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def setup_lock(path: Path, on_wait: Callable[[str], None]) -> Iterator[int]:
    """Hold the set-up's lock, and yield its descriptor for child processes to inherit.

    A child that holds the descriptor too keeps the lock when this process is killed, so that a
    new set-up never works on files that an orphaned installer still writes.

    Args:
        path: the lock file; made if missing. It holds the holder's process id, for people.
        on_wait: called with that id (may be empty) before waiting for another holder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait(os.pread(descriptor, 32, 0).decode("ascii", "replace").strip())
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield descriptor
    finally:
        os.close(descriptor)
