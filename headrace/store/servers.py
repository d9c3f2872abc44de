"""Asks a database server whether it takes connections now, which ML Metadata does not say.

PostgreSQL says before it asks for a password that it starts, shuts down or has too many
connections: Frontend/Backend Protocol 3.0, StartupMessage and ErrorResponse; codes 57P03 and 53300.
MySQL's server does not listen while it starts.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Any

from headrace.settings.metadata_url import DEFAULT_PORTS

_PROTOCOL = 3 << 16
_ERROR = b"E"
_HEAD = struct.Struct("!cI")
_FOR_NOW = frozenset(("57P03", "53300"))
_SECONDS = 5.0
_LONGEST_ANSWER = 1 << 16


@dataclass(frozen=True)
class DatabaseServer:
    """Where a store's server is, and who asks.

    Attributes:
        backend: ``postgresql`` or ``mysql``.
    """

    backend: str
    host: str
    port: int
    user: str = ""
    database: str = ""

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def server_of(config: Any) -> DatabaseServer | None:
    """The server of ML Metadata's connection configuration; None for SQLite and for MLMD's own."""
    for backend, port in DEFAULT_PORTS.items():
        chosen = getattr(config, backend, None)
        if chosen is None or not config.HasField(backend):
            continue
        host = chosen.host or getattr(chosen, "hostaddr", "")
        number = str(chosen.port or port)
        if not host or host.startswith("/") or not number.isdecimal():  # a socket of this host
            return None
        name = chosen.dbname if backend == "postgresql" else chosen.database
        return DatabaseServer(backend, host, int(number), chosen.user, name)
    return None


def why_no_connection(server: DatabaseServer) -> str:
    """Why there is none to be had at this moment; empty where there is."""
    try:
        with socket.create_connection((server.host, server.port), timeout=_SECONDS) as connection:
            said = _refusal(connection, server) if server.backend == "postgresql" else ""
    except OSError:
        return f"nothing answers at {server.address}"
    return f"{server.address} says: {said}" if said else ""


def _refusal(connection: socket.socket, server: DatabaseServer) -> str:
    """What a PostgreSQL server says that takes no connection for now; else nothing."""
    words = ("user", server.user or "postgres", "database", server.database or "postgres", "")
    body = struct.pack("!I", _PROTOCOL) + b"".join(word.encode() + b"\0" for word in words)
    connection.sendall(struct.pack("!I", len(body) + 4) + body)
    kind, length = _HEAD.unpack(_received(connection, _HEAD.size))
    if kind != _ERROR or not 4 < length < _LONGEST_ANSWER:
        return ""
    fields = {
        field[:1]: field[1:].decode("utf-8", "replace")
        for field in _received(connection, length - 4).split(b"\0")
        if field
    }
    return fields.get(b"M", "") if fields.get(b"C") in _FOR_NOW else ""


def _received(connection: socket.socket, size: int) -> bytes:
    """So many bytes.

    Raises:
        ConnectionError: the server has ended the connection before.
    """
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError("ended by the server")
        data += more
    return data
