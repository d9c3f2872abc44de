"""A directory that model servers read: each push is there whole, or not at all.

A server takes the directory's child with the greatest number for the newest version. A version is
written aside, in a hidden directory of the same file system, and renamed when it is complete.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from headrace.errors import HeadraceError
from headrace.retries import is_transient_os_error, patiently

_LOCK = ".headrace-push.lock"
_ASIDE = ".headrace-push-"
_log = logging.getLogger(__name__)


class ServingDirectory:
    """Where versions of a model are pushed to, on a local or shared file system."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def pushing(self) -> Iterator[Path]:
        """Keep other pushes out, and give a directory aside that a version can be written into.

        What is left in it is removed. The lock is the kernel's, so it goes with its holder.

        Raises:
            HeadraceError: the directory cannot be written.
        """
        try:
            lock = patiently(lambda _: self._opened(), f"open {self.path}", is_transient_os_error)
        except OSError as error:
            raise HeadraceError(f"{self.path} cannot be pushed to: {error.strerror}") from error
        with lock:
            self._wait_for(lock.fileno())
            self._remove_leftovers()
            aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self.path))
            try:
                yield aside
            finally:
                shutil.rmtree(aside, ignore_errors=True)

    def publish(self, whole: Path) -> Path:
        """Make a complete directory the newest version, at once; return its place.

        Its number is the time, or one more than the greatest there is: two pushes within a second,
        or after a clock has gone back, are two versions, and the later one is the newer.
        """
        place = self.path / str(max(int(time.time()), max(self.versions(), default=0) + 1))
        # mkdtemp lets nobody else in, and servers run as other users.
        mask = os.umask(0)
        os.umask(mask)
        whole.chmod(0o777 & ~mask)

        def rename(calls: int) -> None:
            # An earlier call may have been done although it failed; nobody else pushes meanwhile.
            if not (calls and place.is_dir() and not whole.exists()):
                whole.rename(place)

        patiently(rename, f"rename {whole}", is_transient_os_error)
        return place

    def versions(self) -> list[int]:
        """The versions that a server sees, oldest first."""
        names = [item.name for item in self.path.iterdir()] if self.path.is_dir() else []
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def _opened(self) -> IO[str]:
        self.path.mkdir(parents=True, exist_ok=True)
        return (self.path / _LOCK).open("a")

    def _wait_for(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _log.info("Another push into %s is going on; waiting for its end", self.path)
            fcntl.flock(lock, fcntl.LOCK_EX)

    def _remove_leftovers(self) -> None:
        """Remove what killed pushes have left; nobody else pushes at present."""
        for item in self.path.glob(f"{_ASIDE}*"):
            shutil.rmtree(item, ignore_errors=True)
