"""Who is at the other end of a Unix socket."""

from __future__ import annotations

import os
import socket
import struct
from asyncio.trsock import TransportSocket

_CREDENTIALS = struct.Struct("3i")


def same_user(stream: socket.socket | TransportSocket) -> bool:
    """Whether the peer's process runs as this user (SO_PEERCRED, unix(7))."""
    data = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(data)
    return bool(uid == os.getuid())
