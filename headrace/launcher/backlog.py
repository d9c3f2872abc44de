"""What a job has said so far, for a client that comes later."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from headrace.launcher.protocol import LogFrame, encode

_MAX_BYTES = 4 << 20


class Backlog:
    """The newest frames of a job, encoded, and how many there have been.

    Attributes:
        count: of all frames, those that are not kept any more included.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self.count = 0
        self._max_bytes = max_bytes
        self._frames: deque[bytes] = deque()
        self._bytes = 0

    def add(self, data: bytes) -> None:
        """Keep one frame; the oldest go once there is too much. The newest is always kept."""
        self.count += 1
        self._frames.append(data)
        self._bytes += len(data)
        while self._bytes > self._max_bytes and len(self._frames) > 1:
            self._bytes -= len(self._frames.popleft())

    def after(self, seen: int) -> Iterator[bytes]:
        """The frames after the first ``seen``, with a word on those that are not kept."""
        dropped = self.count - len(self._frames)
        if dropped > seen:
            text = f"{dropped - seen} earlier lines of the node's log are not kept"
            yield encode(LogFrame("WARNING", text, "headrace.launcher"))
        for number, data in enumerate(self._frames, start=dropped):
            if number >= seen:
                yield data
