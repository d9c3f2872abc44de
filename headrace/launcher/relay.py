"""Merges what a job's process writes into one stream of frames, on the side that started it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from headrace.launcher.lines import LineSplitter, log_frame
from headrace.launcher.protocol import encode

_CHUNK = 1 << 16


@dataclass(frozen=True)
class JobPipes:
    """The reading ends of a job's pipes: its frames, and its standard output and error."""

    frames: int
    output: int


class Relay:
    """Reads a job's pipes. Frames pass as they are; printed lines become log frames.

    A pipe that is at its end is closed and leaves ``open_pipes``.
    """

    def __init__(self, pipes: JobPipes) -> None:
        self._splitters = {pipes.frames: LineSplitter(), pipes.output: LineSplitter()}
        self._frames = pipes.frames

    @property
    def open_pipes(self) -> tuple[int, ...]:
        return tuple(self._splitters)

    def read(self, descriptor: int) -> list[bytes]:
        """Read once from a ready pipe and return the encoded frames that this completes."""
        data = os.read(descriptor, _CHUNK)
        splitter = self._splitters[descriptor]
        if data:
            return self._encoded(descriptor, splitter.feed(data))
        del self._splitters[descriptor]
        os.close(descriptor)
        # A frame that its writer did not finish is of no use; an unfinished printed line is.
        return [] if descriptor == self._frames else self._encoded(descriptor, splitter.finish())

    def close(self) -> None:
        """Stop reading, whatever is left."""
        for descriptor in self.open_pipes:
            os.close(descriptor)
        self._splitters.clear()

    def _encoded(self, descriptor: int, lines: list[bytes]) -> list[bytes]:
        if descriptor == self._frames:
            return [line + b"\n" for line in lines if line]
        now = time.time()
        frames = (log_frame(line, now) for line in lines)
        return [encode(frame) for frame in frames if frame is not None]
