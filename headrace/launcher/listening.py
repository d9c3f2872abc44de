"""The server's end of its Unix socket."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

_BACKLOG = 128


def listen(path: Path) -> socket.socket:
    """Return a listening socket at ``path``, mode 0600 from its first moment."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(mask)
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener
