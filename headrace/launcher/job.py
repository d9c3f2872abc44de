"""A running job, seen from the server: its process, its client, and how it ends."""

from __future__ import annotations

import selectors
import signal
import time
from pathlib import Path

from headrace.launcher.connection import Connection
from headrace.launcher.processes import GRACE_SECONDS, kill_session, signal_group
from headrace.launcher.protocol import EventFrame, ExitFrame
from headrace.launcher.relay import JobPipes, Relay
from headrace.launcher.scratch import remove_scratch

_DRAIN_SECONDS = 5.0
"""How long the output of a job is still read, and sent, after its process has ended."""


class Job:
    """One forked process and the client that asked for it."""

    def __init__(self, pid: int, connection: Connection, pipes: JobPipes, scratch: Path) -> None:
        self.pid = pid
        self.connection = connection
        self.relay = Relay(pipes)
        self.client_gone = False
        self._scratch = scratch
        self._exit: ExitFrame | None = None
        self._exit_sent = False
        self._drain_until = 0.0
        self._kill_at: float | None = None

    def on_client(self, mask: int) -> None:
        """The client sent something, has gone, or can take more."""
        if mask & selectors.EVENT_WRITE:
            self.connection.flush()
        if mask & selectors.EVENT_READ and self.connection.read_line() is not None:
            self.cancel("the client asked for it")
        if self.connection.at_end and not self.client_gone:
            self.client_gone = True
            self.cancel("the client has gone")

    def on_output(self, descriptor: int) -> None:
        """One of the job's pipes is ready."""
        for data in self.relay.read(descriptor):
            if not self.client_gone:
                self.connection.send_encoded(data)

    def on_exit(self, frame: ExitFrame) -> None:
        """The process was reaped; end what it may have left."""
        self._exit = frame
        self._drain_until = time.monotonic() + _DRAIN_SECONDS
        kill_session(self.pid)

    def cancel(self, reason: str) -> None:
        """Ask the process to end; after a grace it is killed."""
        if self._kill_at is None and self._exit is None:
            self._kill_at = time.monotonic() + GRACE_SECONDS
            if not self.client_gone:
                self.connection.send(EventFrame("cancelling", pid=self.pid, detail=reason))
            signal_group(self.pid, signal.SIGTERM)

    def escalate(self, now: float) -> None:
        """Kill what did not end within the grace."""
        if self._kill_at is not None and now >= self._kill_at and self._exit is None:
            self._kill_at = now + GRACE_SECONDS
            kill_session(self.pid)

    def finished(self, now: float) -> bool:
        """Whether the process has ended and its client has all of its output, or never will."""
        if self._exit is None:
            return False
        drained = not self.relay.open_pipes or now >= self._drain_until
        if drained and not self._exit_sent and not self.client_gone:
            self._exit_sent = True
            self.connection.send(self._exit)
        sent = self.client_gone or not self.connection.has_unsent
        return drained and (sent or now >= self._drain_until)

    def close(self) -> None:
        """Let go of the pipes, the connection and the temporary directory."""
        self.relay.close()
        self.connection.close()
        remove_scratch(self._scratch)
