"""Where the launcher of a project has its socket, lock, log and state."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import HeadraceError
from headrace.files import private_directory
from headrace.settings import Keras, Settings

_LONGEST_SOCKET_PATH = 100
"""Linux takes 107 bytes (unix(7), sun_path); a little is left for a name beside it."""


@dataclass(frozen=True)
class LauncherPaths:
    """Files of one launcher server."""

    socket: Path
    lock: Path
    state: Path
    log: Path


def launcher_paths(settings: Settings) -> LauncherPaths:
    """Return the paths of the server for the settings' Keras.

    Their directories are made, so that only this user can enter.

    Raises:
        HeadraceError: the short directory for sockets belongs to somebody else.
    """
    runtime = private_directory(settings.layout.runtime)
    settings.layout.logs.mkdir(parents=True, exist_ok=True)
    name = "launcher-keras2" if settings.keras is Keras.TWO else "launcher"
    socket = runtime / f"{name}.sock"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET_PATH:
        socket = _short_directory(runtime) / socket.name
    return LauncherPaths(
        socket=socket,
        lock=runtime / f"{name}.lock",
        state=runtime / f"{name}.json",
        log=settings.layout.logs / f"{name}.log",
    )


def _short_directory(runtime: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(runtime)).hexdigest()[:12]
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    directory = base / f"headrace-{os.getuid()}-{digest}"
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    # In a directory that all may write to, somebody else could have made it first.
    if status.st_uid != os.getuid() or not os.path.isdir(directory) or directory.is_symlink():
        raise HeadraceError(
            f"{directory} belongs to somebody else", "set XDG_RUNTIME_DIR to a directory of yours"
        )
    return private_directory(directory)
