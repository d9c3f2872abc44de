"""A running job, seen from the server: its process, its client, and how it ends."""

from __future__ import annotations

import selectors
import signal
import time
from pathlib import Path

from headrace.launcher.backlog import Backlog
from headrace.launcher.connection import Connection
from headrace.launcher.forked import Forked
from headrace.launcher.processes import GRACE_SECONDS, kill_session, signal_child
from headrace.launcher.protocol import (
    LET_GO,
    EventFrame,
    ExitFrame,
    Frame,
    Hold,
    Request,
    encode,
)
from headrace.launcher.relay import Relay
from headrace.launcher.scratch import remove_scratch

_DRAIN_SECONDS = 5.0
"""How long the output of a job is still read, and sent, after its process has ended."""


class Job:
    """One forked process and the client that asked for it.

    Attributes:
        request: what was asked for.
        hold: with it the job outlives its client, and another may come for it.
        started: when it began, by the monotonic clock.
        client_gone: whether nobody listens at present.
    """

    def __init__(
        self,
        process: Forked,
        connection: Connection,
        scratch: Path,
        request: Request,
    ) -> None:
        self.pid = process.pid
        self.request = request
        self.connection = connection
        self.relay = Relay(process.pipes)
        self.hold = request.hold
        self.started = time.monotonic()
        self.client_gone = False
        self._watched = False
        self._handed_over = False
        self._scratch = scratch
        self._backlog = Backlog() if request.hold else None
        self._exit: ExitFrame | None = None
        self._exit_sent = False
        self._drain_until = 0.0
        self._kill_at: float | None = None
        self._alone_since = 0.0

    @property
    def exit_code(self) -> int | None:
        """Of its process; None while it runs, and where a signal has ended it."""
        return self._exit.code if self._exit is not None else None

    @property
    def has_ended(self) -> bool:
        """Whether its process has ended; somebody may still come for its result."""
        return self._exit is not None

    @property
    def has_failed(self) -> bool:
        """Whether its process has ended, and not well."""
        return self._exit is not None and self._exit.code != 0

    @property
    def has_taker(self) -> bool:
        """Whether somebody listens who will take the job's end."""
        return not self.client_gone and not self._watched

    @property
    def is_ending(self) -> bool:
        """Whether it was cancelled."""
        return self._kill_at is not None

    def on_client(self, mask: int) -> None:
        """The client sent something, has gone, or can take more."""
        if mask & selectors.EVENT_WRITE:
            self.connection.flush()
        word = self.connection.read_line() if mask & selectors.EVENT_READ else None
        if word == LET_GO:
            self._handed_over = True
        elif word is not None:
            self.cancel("the client asked for it")
        if self.connection.at_end and not self.client_gone:
            self.client_gone = True
            self._alone_since = time.monotonic()
            if self.hold is None or not self.hold.seconds:
                self.cancel("the client has gone")

    def attach(self, connection: Connection, hold: Hold, *, watches: bool) -> None:
        """Give the job a new client, who is told what he has not seen yet.

        Args:
            watches: the client only looks on; the job's end is kept for the one who takes it.
        """
        assert self._backlog is not None
        if not self.client_gone:
            self.connection.send_last(EventFrame("taken", pid=self.pid))
        if not watches:
            self.hold = hold
        self.connection, self.client_gone, self._watched = connection, False, watches
        self._handed_over = False
        self._exit_sent = False
        for data in self._backlog.after(hold.seen):
            connection.send_encoded(data)

    def say(self, frame: Frame) -> None:
        """Tell the client, or whoever comes later."""
        self._tell(encode(frame))

    def on_output(self, descriptor: int) -> None:
        """One of the job's pipes is ready."""
        for data in self.relay.read(descriptor):
            self._tell(data)

    def on_exit(self, frame: ExitFrame) -> None:
        """The process was reaped; end what it may have left."""
        self._exit = frame
        self._alone_since = time.monotonic()
        self._drain_until = self._alone_since + _DRAIN_SECONDS
        kill_session(self.pid)

    def cancel(self, reason: str) -> None:
        """Ask the process to end; after a grace it is killed."""
        if self._kill_at is None:
            self._kill_at = time.monotonic() + GRACE_SECONDS
            if self._exit is None:
                signal_child(self.pid, signal.SIGTERM)  # first: who hears of it may rely on it
                self.say(EventFrame("cancelling", pid=self.pid, detail=reason))

    def escalate(self, now: float) -> None:
        """Cancel what nobody came back for, and kill what did not end within the grace."""
        if self.hold and self.client_gone and now - self._alone_since > self._patience(self.hold):
            self.cancel("its client has gone and none has come for it")
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
        if self.hold is not None and not self.is_ending and (self._watched or self.client_gone):
            return False
        sent = self.client_gone or not self.connection.has_unsent
        return drained and (sent or now >= self._drain_until)

    def close(self) -> None:
        """Let go of the pipes, the connection and the temporary directory."""
        self.relay.close()
        self.connection.close()
        remove_scratch(self._scratch)

    def _patience(self, hold: Hold) -> float:
        """Seconds to wait for a client: short for one that is on its way.

        Airflow ends a deferred task without a word to anybody until its trigger has started, so a
        trigger that does not come soon will never do.
        """
        return min(hold.handover, hold.seconds) if self._handed_over else hold.seconds

    def _tell(self, data: bytes) -> None:
        if self._backlog is not None:
            self._backlog.add(data)
        if not self.client_gone:
            self.connection.send_encoded(data)
