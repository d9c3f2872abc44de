"""A network between a client and a server on this machine that can be cut, or let nothing pass."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

_CHUNK = 1 << 16
_POLL_SECONDS = 0.05


class Gate:
    """Passes connections on to a port of the loopback interface.

    Attributes:
        port: where it listens.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open, self._flowing = threading.Event(), threading.Event()
        self._open.set()
        self._flowing.set()
        self._streams: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> int:
        """End every connection and take no new one; say how many there were."""
        self._open.clear()
        with self._lock:
            streams, self._streams = self._streams, set()
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
        return len(streams) // 2

    def stall(self) -> None:
        """Let nothing pass, as a network that loses every packet."""
        self._flowing.clear()

    def mend(self) -> None:
        self._open.set()
        self._flowing.set()

    def close(self) -> None:
        self.cut()
        self.mend()
        self._open.clear()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def connections(self) -> int:
        with self._lock:
            return len(self._streams) // 2

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._open.is_set():
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            with self._lock:
                self._streams |= {near, far}
            for source, sink in ((near, far), (far, near)):
                sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                self._flowing.wait()
                sink.sendall(data)
        for stream in (source, sink):
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
        with self._lock:
            if sink not in self._streams:
                source.close()
                sink.close()
            self._streams -= {source, sink}


@contextlib.contextmanager
def gate(to: int) -> Iterator[Gate]:
    """A gate for as long as the context lasts."""
    found = Gate(to)
    try:
        yield found
    finally:
        found.close()
