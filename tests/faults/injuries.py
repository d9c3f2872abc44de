"""How faults are done, and undone."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

_TRIES_SECONDS = 5.0


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL: no process hears of it."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()


def pause(processes: Iterable[psutil.Process], seconds: float) -> None:
    """SIGSTOP, and SIGCONT after a while."""
    stopped = list(processes)
    _signal(stopped, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        _signal(stopped, signal.SIGCONT)


class Disk:
    """A small file system of its own, which can be filled and be made read-only."""

    def __init__(self, place: Path, megabytes: int) -> None:
        place.mkdir(parents=True)
        self.place = place
        self._filling = place / "filling"
        _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place))

    def fill(self) -> None:
        """Leave not a byte."""
        with self._filling.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (1 << 20, 1 << 10, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def forbid(self) -> bool:
        """Make it read-only; False: something had a file open for writing all the time."""
        deadline = time.monotonic() + _TRIES_SECONDS
        while time.monotonic() < deadline:
            if _remount(self.place, "ro"):
                return True
            time.sleep(0.005)
        return False

    def restore(self) -> None:
        """Make it writable, with the room that it had."""
        _remount(self.place, "rw")
        with contextlib.suppress(FileNotFoundError):
            self._filling.unlink()

    def remove(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=False, capture_output=True)


def can_mount(scratch: Path) -> bool:
    """Whether this user can make a file system: faults of disks need it."""
    if os.geteuid():
        return False
    try:
        disk = Disk(scratch / "trial", 1)
    except OSError:
        return False
    disk.remove()
    return True


@contextlib.contextmanager
def disks(place: Path, sizes: dict[str, int]) -> Iterator[dict[str, Disk]]:
    """Disks of so many megabytes, by name; none where this user can make none."""
    found: dict[str, Disk] = {}
    try:
        if can_mount(place):
            for name, megabytes in sizes.items():
                found[name] = Disk(place / name, megabytes)
        yield found
    finally:
        for disk in found.values():
            disk.restore()
            disk.remove()


def _signal(processes: Iterable[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise OSError(errno.EPERM, done.stderr.strip())


def _remount(place: Path, how: str) -> bool:
    command = ["mount", "-o", f"remount,{how}", str(place)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
