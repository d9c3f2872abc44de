"""One client's connection, seen from the server: never blocks, never grows without bound."""

from __future__ import annotations

import contextlib
import reprlib
import socket
import traceback
from collections.abc import Iterator

from headrace.launcher.protocol import MAX_FRAME_BYTES, ErrorFrame, Frame, encode

_CHUNK = 1 << 16
_CLOGGED_BYTES = 4 << 20


class Connection:
    """A non-blocking stream of lines in and frames out."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self.at_end = False
        self._received = bytearray()
        self._unsent = bytearray()

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    @property
    def is_clogged(self) -> bool:
        """Whether the client reads so slowly that its job should wait."""
        return len(self._unsent) > _CLOGGED_BYTES

    def read_line(self) -> bytes | None:
        """Return the next whole line that has arrived, else None; notices the peer's end."""
        try:
            while b"\n" not in self._received:
                data = self.stream.recv(_CHUNK)
                if not data:
                    self.at_end = True
                    return None
                self._received += data
                if len(self._received) > MAX_FRAME_BYTES:
                    self.at_end = True
                    return None
        except BlockingIOError:
            return None
        except OSError:
            self.at_end = True
            return None
        line, _, rest = bytes(self._received).partition(b"\n")
        self._received = bytearray(rest)
        return line

    def send(self, frame: Frame) -> None:
        """Queue a frame and send what the peer takes now."""
        self.send_encoded(encode(frame))

    def send_encoded(self, data: bytes) -> None:
        """Like ``send``, for a frame that is encoded already."""
        self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Send what the peer takes now."""
        try:
            while self._unsent:
                del self._unsent[: self.stream.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:
            self.at_end = True
            self._unsent.clear()

    def send_last(self, frame: Frame) -> None:
        """Send a short frame and close."""
        self.send(frame)
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.stream.close()


@contextlib.contextmanager
def only_this_client(connection: Connection) -> Iterator[None]:
    """Tell one client what goes wrong with its request, whatever that is.

    The jobs of all others are in this process's hands, which therefore has to go on.
    """
    try:
        yield
    except Exception as error:
        traceback.print_exc()
        text = f"the launcher cannot do what it was asked for: {reprlib.repr(str(error))}"
        connection.send_last(ErrorFrame(type(error).__name__, text))
