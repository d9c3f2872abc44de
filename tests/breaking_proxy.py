"""A TCP proxy whose connections break, in turn in three ways: what a network does at its worst."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from collections.abc import Iterator

_RESET = struct.pack("ii", 1, 0)
_CHUNK = 1 << 16
_PIECES = 8
"""So many pieces of answers a connection passes on before it breaks; an answer comes in one or two,
and what is asked in one connection has to fit."""


@contextlib.contextmanager
def breaking_proxy(port: int) -> Iterator[tuple[int, list[str]]]:
    """Yield a port that leads to ``port``, and how its connections have broken.

    One is reset at once, one when the answer to its first request has come, which is lost, and
    those between after a few answers: two callers who take turns do not always get the worst.
    """
    broken: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))
    ways = itertools.cycle(["at once", "later", "answer lost", "later"])

    def accept() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(client, port, next(ways), broken)).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1], broken
    finally:
        server.close()


def _serve(client: socket.socket, port: int, way: str, broken: list[str]) -> None:
    pieces = {"at once": 0, "answer lost": 0, "later": _PIECES}[way]
    with contextlib.suppress(OSError), client:
        if way != "at once":
            with socket.create_connection(("127.0.0.1", port)) as there:
                threading.Thread(target=_pass_on, args=(client, there), daemon=True).start()
                while data := there.recv(_CHUNK):
                    if not pieces:
                        break
                    pieces -= 1
                    client.sendall(data)
                else:
                    return  # it was closed in order
        broken.append(way)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        client.shutdown(socket.SHUT_RDWR)  # wakes whoever reads from it, who would keep it open


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
