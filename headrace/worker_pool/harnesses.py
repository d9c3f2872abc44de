"""The harnesses of a pool: started through the preloaded server, followed until they end."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict

from headrace.launcher.processes import GRACE_SECONDS, kill_session
from headrace.launcher.protocol import (
    ErrorFrame,
    EventFrame,
    ExitFrame,
    Frame,
    LogFrame,
    Operation,
    ProtocolError,
    Request,
    decode_frame,
    encode,
)
from headrace.settings import Keras
from headrace.worker_pool.jobs import Jobs, JobStream
from headrace.worker_pool.requests import HarnessRequest
from headrace.worker_pool.server_process import PreloadedServers

_CLOSING_SECONDS = 5.0
"""How long a harness that is to stop may take to notice that its runner has closed."""
LOST = "lost"
"""Event of a harness that died before its job had ended."""
_log = logging.getLogger("headrace.worker_pool")


class HarnessFailed(Exception):
    """A harness ended before it had connected to its runner; the text says why."""


class Harness:
    """One harness and the thread that follows it."""

    def __init__(self, request: HarnessRequest, connection: socket.socket, out: JobStream) -> None:
        self.request = request
        self.pid = 0
        self.started = time.time()
        self.ended = threading.Event()
        self.exit: ExitFrame | None = None
        self._connection = connection
        self._out = out
        self._settled = threading.Event()
        self._connected = False
        self._stopping = False
        self._killed_for = ""
        self._error = ""

    @property
    def name(self) -> str:
        job = f" of {self.request.name}" if self.request.name else ""
        return f"SDK harness {self.request.worker_id}{job}"

    def follow(self) -> None:
        """Read what the harness says until its end; runs in a thread of its own."""
        try:
            with self._connection.makefile("rb") as lines, _until_reset():
                for line in lines:
                    self._take(decode_frame(line))
        except (OSError, ProtocolError) as error:
            _log.warning("%s: its connection broke: %s", self.name, error)
        finally:
            self._connection.close()
            self._say_how_it_ended()
            self.ended.set()
            self._settled.set()

    def wait_until_connected(self) -> None:
        """Return when the harness serves its runner.

        Raises:
            HarnessFailed: it ended before that.
        """
        self._settled.wait()
        if not self._connected:
            raise HarnessFailed(f"{self.name} did not start: {self._error or self._how()}")

    def stop(self, at_once: bool) -> None:
        """End the harness; it may first notice by itself that its runner has closed."""
        if not at_once and self.ended.wait(_CLOSING_SECONDS):
            return
        self._stopping = True
        with contextlib.suppress(OSError):
            self._connection.send(b"cancel\n")
        # The server itself kills what does not end within its grace.
        self.ended.wait(GRACE_SECONDS + 1)

    def kill(self, reason: str, hint: str) -> None:
        """Kill it at once, and tell its job why, which then needs not try again."""
        self._killed_for = reason
        self._out.publish(ErrorFrame("HarnessKilled", reason, hint))
        _log.error("%s; %s", reason, hint)
        if self.pid:
            kill_session(self.pid)

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, EventFrame):
            self.pid = frame.pid or self.pid
            if frame.event == "connected":
                self._connected = True
                self._settled.set()
        elif isinstance(frame, LogFrame):
            self._out.publish(frame)
            if frame.level in ("ERROR", "CRITICAL"):
                _log.error("%s: %s", self.name, frame.message)
        elif isinstance(frame, ErrorFrame):
            self._error = frame.message
            if self._connected and not self._stopping:
                _log.info("%s: %s", self.name, frame.message)
        elif isinstance(frame, ExitFrame):
            self.exit = frame

    def _say_how_it_ended(self) -> None:
        expected = self._stopping or self._killed_for or (self.exit and self.exit.code == 0)
        _log.info("%s ended: %s", self.name, self._how())
        if expected or not self._connected or self.exit is None:
            return
        if self.exit.signal is not None:
            self._out.publish(EventFrame(LOST, self.pid, f"{self.name} was {self._how()}"))

    def _how(self) -> str:
        if self._killed_for:
            return "it was killed, because it took too much memory"
        if self.exit is None:
            return "the preloaded server has ended"
        peak = f"peak memory {self.exit.max_rss_bytes / 1e6:.0f} MB"
        if self._stopping:
            return f"stopped, {peak}"
        if self.exit.signal is not None:
            return f"ended by {signal.Signals(self.exit.signal).name}, {peak}"
        return f"exit code {self.exit.code}, {peak}"


def _until_reset() -> contextlib.AbstractContextManager[None]:
    """A server that closes before it has read a request to stop resets the connection."""
    return contextlib.suppress(ConnectionResetError)


class Harnesses:
    """Every harness that runs. Safe between threads.

    Args:
        on_change: called after a harness has started or ended.
    """

    def __init__(
        self, servers: PreloadedServers, jobs: Jobs, on_change: Callable[[], None]
    ) -> None:
        self._servers = servers
        self._jobs = jobs
        self._on_change = on_change
        self._lock = threading.Lock()
        self._running: list[Harness] = []

    def running(self) -> list[Harness]:
        with self._lock:
            return list(self._running)

    def start(self, request: HarnessRequest) -> Harness:
        """Fork a harness; return when it has connected to its runner.

        Raises:
            HarnessFailed: it cannot be started, or ended before it had connected.
        """
        stream = self._jobs.stream(request.job)
        try:
            server = self._servers.get(Keras(request.keras))
            connection = server.connect()
            asked = Request(
                operation=Operation.RUN_HARNESS,
                payload=asdict(request),
                fingerprint=server.token,
                environ=server.environ,
            )
            connection.sendall(encode(asked))
        except OSError as error:
            raise HarnessFailed(f"the preloaded server cannot be reached: {error}") from None
        harness = Harness(request, connection, stream)
        with self._lock:
            self._running.append(harness)
        threading.Thread(target=self._follow, args=(harness,), daemon=True).start()
        harness.wait_until_connected()
        if stream.ended_at is not None:
            harness.stop(True)
            raise HarnessFailed("its job has ended meanwhile")
        _log.info("%s started as process %d", harness.name, harness.pid)
        self._on_change()
        return harness

    def stop(self, worker_id: str) -> None:
        """End the harness that a TaskManager names.

        Each TaskManager counts its own, so two may use one name. Then nobody can tell which is
        meant; both of them see by themselves when their runner closes.
        """
        named = [item for item in self.running() if item.request.worker_id == worker_id]
        if len(named) == 1:
            threading.Thread(target=named[0].stop, args=(False,), daemon=True).start()

    def end_job(self, job: str) -> int:
        """End every harness of a job; return how many there were."""
        found = [item for item in self.running() if item.request.job == job] if job else []
        stops = [threading.Thread(target=item.stop, args=(True,), daemon=True) for item in found]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()
        return len(found)

    def _follow(self, harness: Harness) -> None:
        try:
            harness.follow()
        finally:
            with self._lock:
                self._running.remove(harness)
            self._on_change()
