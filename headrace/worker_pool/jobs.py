"""What the pool knows of Beam jobs: the log of each, for its client, and which Flink job it is."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from headrace.launcher.protocol import Frame, encode

_KEPT_FRAMES = 5000
_WAIT_SECONDS = 1.0
_KEPT_SECONDS = 300.0
"""How long what an ended job left is kept for a client that comes late."""


@dataclass(frozen=True)
class FlinkJob:
    """Where the state of a job can be asked."""

    rest_url: str
    job_id: str


class JobStream:
    """Frames of all harnesses of one job, the newest thousands of them. Safe between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frames: deque[bytes] = deque(maxlen=_KEPT_FRAMES)
        self._published = 0
        self.ended_at: float | None = None
        self.flink_job: FlinkJob | None = None

    def publish(self, frame: Frame) -> None:
        """Add a frame for every follower, now and later."""
        with self._changed:
            self._frames.append(encode(frame))
            self._published += 1
            self._changed.notify_all()

    def end(self) -> None:
        """No more frames come; followers return when they have all."""
        with self._changed:
            self.ended_at = self.ended_at or time.monotonic()
            self._changed.notify_all()

    def follow(self, is_wanted: Callable[[], bool]) -> Iterator[bytes]:
        """Yield every frame, from the oldest that is kept, until the end or ``is_wanted`` is not.

        Args:
            is_wanted: asked once a second at least.
        """
        seen = 0
        while True:
            with self._changed:
                if self._published == seen and self.ended_at is None:
                    self._changed.wait(_WAIT_SECONDS)
                missed = min(self._published - seen, len(self._frames))
                batch = list(self._frames)[len(self._frames) - missed :] if missed else []
                seen = self._published
                ended = self.ended_at is not None
            yield from batch
            if ended or not is_wanted():
                return


class Jobs:
    """The streams of jobs by token. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[str, JobStream] = {}

    def stream(self, job: str) -> JobStream:
        """The job's stream, made where it is asked for the first time."""
        with self._lock:
            now = time.monotonic()
            for token, stream in list(self._streams.items()):
                if stream.ended_at is not None and now - stream.ended_at > _KEPT_SECONDS:
                    del self._streams[token]
            return self._streams.setdefault(job, JobStream())

    def running(self) -> dict[str, FlinkJob]:
        """The Flink jobs that are known and have not ended, by token."""
        with self._lock:
            return {
                token: stream.flink_job
                for token, stream in self._streams.items()
                if stream.flink_job is not None and stream.ended_at is None
            }
