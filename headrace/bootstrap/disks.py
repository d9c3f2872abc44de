"""How much room a set-up takes, and where."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from headrace.bootstrap.running import nearest_existing

# Measured on Linux x86-64 with Python 3.12: installed files with their compiled bytecode.
TFX_BYTES = 3_600_000_000
AIRFLOW_BYTES = 400_000_000
TOOLS_BYTES = 150_000_000
INSTALLER_BYTES = 80_000_000

_MARGIN = 300_000_000


@dataclass(frozen=True)
class Room:
    """Free and needed bytes of one file system."""

    where: Path
    free: int
    needed: int

    def __str__(self) -> str:
        text = f"{self.where} has {self.free / 1e9:.1f} GB free"
        return f"{text}, needed are {self.needed / 1e9:.1f} GB" if self.needed else text


def uv_cache(environ: Mapping[str, str]) -> Path:
    """Return where uv keeps what it downloaded, for all projects of this user."""
    if environ.get("UV_CACHE_DIR"):
        return Path(environ["UV_CACHE_DIR"]).expanduser()
    base = environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "uv"


def rooms_needed(
    home: Path, environ: Mapping[str, str], new_bytes: int, replaced: Sequence[Path] = ()
) -> list[Room]:
    """Return what each file system must have free for ``new_bytes`` of environments.

    On one file system the environments are links into uv's cache and take no room of their own.

    Args:
        replaced: directories that are removed before anything is installed; their room counts.
    """
    rooms = _rooms(home, environ, new_bytes)
    freed = sum(_own_bytes(directory) for directory in replaced)
    return [replace(rooms[0], free=rooms[0].free + freed), *rooms[1:]]


def _rooms(home: Path, environ: Mapping[str, str], new_bytes: int) -> list[Room]:
    cache = uv_cache(environ)
    if new_bytes == 0:
        return [_room(home, 0)]
    download = max(0, new_bytes - cached_bytes(cache, new_bytes))
    shares = _device(home) == _device(cache)
    if shares and environ.get("UV_LINK_MODE", "hardlink") in ("hardlink", "clone"):
        # Bytecode is compiled in the environment itself, and is about a fifth of it.
        return [_room(home, max(download, new_bytes // 5) + _MARGIN)]
    if shares:
        return [_room(home, download + new_bytes + _MARGIN)]
    return [_room(home, new_bytes + _MARGIN), _room(cache, download + _MARGIN)]


def cached_bytes(cache: Path, enough: int) -> int:
    """Return how much uv's cache holds, without counting much beyond ``enough``."""
    total = 0
    for status in _files(cache):
        total += status.st_size
        if total >= enough:
            break
    return total


def _own_bytes(directory: Path) -> int:
    """Return the room that comes free when a directory is removed."""
    return sum(status.st_size for status in _files(directory) if status.st_nlink == 1)


def _files(directory: Path) -> Iterator[os.stat_result]:
    pending = [str(directory)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        yield entry.stat(follow_symlinks=False)
        except OSError:
            continue


def _room(path: Path, needed: int) -> Room:
    return Room(path, shutil.disk_usage(nearest_existing(path)).free, needed)


def _device(path: Path) -> int:
    return nearest_existing(path).stat().st_dev
