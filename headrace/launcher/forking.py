"""A server that has imported what every job needs, and forks a process for each job.

It is one thread, always: a fork copies only the thread that calls it, and any other could hold a
lock. Everything waits in one selector: new clients, their requests, the output of running jobs, and
the death of children.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

from headrace.launcher import child
from headrace.launcher.connection import Connection, only_this_client
from headrace.launcher.forked import fork_process
from headrace.launcher.job import Job
from headrace.launcher.peers import same_user
from headrace.launcher.processes import exit_frame
from headrace.launcher.protocol import (
    ErrorFrame,
    EventFrame,
    Frame,
    Hold,
    NewerProtocolError,
    Operation,
    ProtocolError,
    Request,
    StaleFrame,
    decode_request,
)
from headrace.launcher.room import Room, cancelled, waiting_text
from headrace.launcher.scratch import make_scratch, remove_scratch
from headrace.launcher.standby import Standbys

_TICK_SECONDS = 0.5
_REQUEST_SECONDS = 10.0


class ForkServer:
    """Serves jobs until it has been idle for too long, is outdated, or is told to stop.

    Args:
        on_start: called with each request before its process is forked; must not wait.
        on_end: called with each job after its process has ended; must not wait.
        room: how many nodes may run at once; others wait, in the order in which they came.
        preparations: what is done for an operation before it is asked for.
    """

    def __init__(
        self,
        listener: socket.socket,
        fingerprint: str,
        idle_seconds: float,
        operations: child.Operations,
        on_start: Callable[[Request], object] = lambda request: None,
        on_end: Callable[[Job], object] = lambda job: None,
        room: Room | None = None,
        preparations: child.Preparations = MappingProxyType({}),
    ) -> None:
        self._listener = listener
        self._fingerprint = fingerprint
        self._idle_seconds = idle_seconds
        self._operations = operations
        self._standbys = Standbys(operations, preparations)
        self._on_start, self._on_end = on_start, on_end
        self._selector = selectors.DefaultSelector()
        self._waiting: dict[Connection, float] = {}
        self._jobs: dict[int, Job] = {}
        self._room = room
        self._queue: dict[Connection, Request] = {}
        self._draining = False
        self._busy_until = time.monotonic()
        self._wakeup = _signal_pipe()

    def serve(self) -> None:
        """Run until there is no more reason to; the listener is closed by then."""
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wakeup, selectors.EVENT_READ, self._on_signal)
        while not self._is_done():
            for key, mask in self._selector.select(_TICK_SECONDS):
                now = self._selector.get_map().get(key.fd)
                if now is not None and _is_same(now, key):
                    now.data(mask & now.events)
            self._tick()
        self._standbys.close()
        self._stop_listening()

    def _is_done(self) -> bool:
        if self._jobs or self._waiting or self._queue:
            self._busy_until = time.monotonic()
            return False
        idle = time.monotonic() - self._busy_until
        return self._draining or idle > self._idle_seconds

    def _tick(self) -> None:
        now = time.monotonic()
        self._standbys.tick()
        for connection, since in list(self._waiting.items()):
            if now - since > _REQUEST_SECONDS:
                self._drop(connection)
        for job in list(self._jobs.values()):
            job.escalate(now)
            if job.finished(now):
                self._finish(job)
        while self._queue and self._has_room():
            connection = next(iter(self._queue))
            with only_this_client(connection):
                self._begin(self._leave_queue(connection), connection)

    # New clients and their requests.

    def _accept(self, _mask: int) -> None:
        try:
            stream, _ = self._listener.accept()
        except OSError:
            return
        if not same_user(stream):
            stream.close()
            return
        stream.setblocking(False)
        connection = Connection(stream)
        self._waiting[connection] = time.monotonic()
        self._watch(connection, lambda mask: self._on_request(connection, mask))

    def _on_request(self, connection: Connection, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            connection.flush()
        line = connection.read_line()
        if line is None:
            if connection.at_end:
                self._drop(connection)
            return
        del self._waiting[connection]
        self._selector.unregister(connection.stream)
        try:
            request = decode_request(line)
        except NewerProtocolError:
            self._make_way()
            connection.send_last(StaleFrame())
            return
        except ProtocolError as error:
            connection.send_last(ErrorFrame("ProtocolError", str(error)))
            return
        with only_this_client(connection):
            self._answer(request, connection)

    def _answer(self, request: Request, connection: Connection) -> None:
        held = self._held(request)
        if request.operation is Operation.ATTACH:
            self._watch_job(held, request, connection)
        elif request.fingerprint != self._fingerprint or self._draining:
            self._make_way()
            connection.send_last(StaleFrame())
        elif request.operation is not Operation.RUN_NODE or self._has_room():
            self._begin(request, connection)
        else:
            self._wait_for_room(request, connection)

    def _make_way(self) -> None:
        """For a server with other sources: no new jobs, and none that nobody listens to."""
        self._drain(lambda request: StaleFrame())
        for job in self._jobs.values():
            if job.client_gone:
                job.cancel("the launcher is outdated")

    def _drain(self, last: Callable[[Request], Frame]) -> None:
        """Take no new job, and tell this to those that wait for room."""
        self._draining = True
        self._stop_listening()
        self._standbys.close()
        self._end_queue(last)

    def _drop(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.stream)
        connection.close()

    # Nodes that wait for room.

    def _has_room(self) -> bool:
        running = [job.started for job in self._jobs.values() if not job.has_ended]
        return self._room is None or self._room.for_another(running)

    def _wait_for_room(self, request: Request, connection: Connection) -> None:
        running = sum(not job.has_ended for job in self._jobs.values())
        connection.send(EventFrame("waiting", detail=waiting_text(request, running)))
        self._queue[connection] = request
        self._watch(connection, lambda mask: self._on_queued(connection, mask))

    def _on_queued(self, connection: Connection, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            connection.flush()
        word = connection.read_line() if mask & selectors.EVENT_READ else None
        if word is not None:
            connection.send_last(cancelled(self._leave_queue(connection)))
        elif connection.at_end:
            self._leave_queue(connection)
            connection.close()

    def _leave_queue(self, connection: Connection) -> Request:
        self._selector.unregister(connection.stream)
        return self._queue.pop(connection)

    def _end_queue(self, last: Callable[[Request], Frame]) -> None:
        for connection in list(self._queue):
            connection.send_last(last(self._leave_queue(connection)))

    # Jobs.

    def _begin(self, request: Request, connection: Connection) -> None:
        held = self._held(request)
        if held is None:
            self._start(request, connection)
        else:
            self._take_up(held, request, connection)

    def _held(self, request: Request) -> Job | None:
        """The job that the request's hold names."""
        if request.hold is None:
            return None
        key = request.hold.key
        return next((job for job in self._jobs.values() if job.hold and job.hold.key == key), None)

    def _watch_job(self, held: Job | None, request: Request, connection: Connection) -> None:
        """Let the client look on, unless there is no such job or its own client is back."""
        if held is None or request.hold is None:
            connection.send_last(EventFrame("unknown"))
        elif held.has_taker:
            connection.send_last(EventFrame("taken"))
        else:
            self._attach(held, request.hold, connection, watches=True)

    def _take_up(self, held: Job, request: Request, connection: Connection) -> None:
        """Go on with a job that an earlier client has left, if it is the same and has not failed.

        Another one is ended first, and the client told to come again.
        """
        assert held.hold is not None
        assert request.hold is not None
        same = held.hold.digest == request.hold.digest and not held.is_ending
        if same and held.has_failed and held.hold.attempt != request.hold.attempt:
            self._finish(held)
            self._start(request, connection)
        elif same:
            self._attach(held, request.hold, connection, watches=False)
        else:
            held.cancel("the node is asked for anew, with other parameters")
            connection.send_last(EventFrame("busy"))

    def _attach(self, job: Job, hold: Hold, connection: Connection, *, watches: bool) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(job.connection.stream)
        job.attach(connection, hold, watches=watches)
        self._update_interest(job)

    def _start(self, request: Request, connection: Connection) -> None:
        self._on_start(request)
        scratch: Path | None = None
        try:
            scratch = make_scratch(request.environ)
            request.environ["TMPDIR"] = str(scratch)
            process = self._standbys.take(request) or fork_process(
                lambda frames, output: child.main(request, frames, output, self._operations)
            )
        except (OSError, ValueError) as error:
            if scratch is not None:
                remove_scratch(scratch)
            reason = error.strerror if isinstance(error, OSError) else error
            frame = ErrorFrame(
                type(error).__name__,
                f"no process can be started: {reason}",
                transient=isinstance(error, OSError),
            )
            connection.send_last(frame)
            return
        job = Job(process, connection, scratch, request)
        self._jobs[job.pid] = job
        job.say(EventFrame("started", pid=job.pid))
        self._watch(connection, lambda mask: self._on_client(job, mask))
        for descriptor in job.relay.open_pipes:
            self._selector.register(
                descriptor,
                selectors.EVENT_READ,
                lambda _mask, ready=descriptor: self._on_output(job, ready),
            )
        self._standbys.provide(request)

    def _on_client(self, job: Job, mask: int) -> None:
        job.on_client(mask)
        self._update_interest(job)

    def _on_output(self, job: Job, descriptor: int) -> None:
        job.on_output(descriptor)
        if descriptor not in job.relay.open_pipes:
            self._selector.unregister(descriptor)
        self._update_interest(job)

    def _update_interest(self, job: Job) -> None:
        """Write to the client when it can take it; read from the job only while it does."""
        if job.client_gone:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(job.connection.stream)
        else:
            self._watch(job.connection, lambda mask: self._on_client(job, mask))
        for descriptor in job.relay.open_pipes:
            key = self._selector.get_map().get(descriptor)
            clogged = job.connection.is_clogged and not job.client_gone
            if clogged and key is not None:
                self._selector.unregister(descriptor)
            elif not clogged and key is None:
                self._selector.register(
                    descriptor,
                    selectors.EVENT_READ,
                    lambda _mask, ready=descriptor: self._on_output(job, ready),
                )

    def _watch(self, connection: Connection, callback: Callable[[int], None]) -> None:
        events = selectors.EVENT_READ
        if connection.has_unsent:
            events |= selectors.EVENT_WRITE
        if connection.stream in self._selector.get_map():
            self._selector.modify(connection.stream, events, callback)
        else:
            self._selector.register(connection.stream, events, callback)

    def _finish(self, job: Job) -> None:
        for descriptor in job.relay.open_pipes:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(descriptor)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(job.connection.stream)
        job.close()
        del self._jobs[job.pid]

    # Signals.

    def _on_signal(self, _mask: int) -> None:
        for number in os.read(self._wakeup, 512):
            if number == signal.SIGTERM:
                self._drain(cancelled)
                for job in self._jobs.values():
                    job.cancel("the launcher is stopped")
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._jobs:
                self._jobs[pid].on_exit(exit_frame(status, usage))
                self._on_end(self._jobs[pid])
                self._standbys.provide(self._jobs[pid].request)
            else:
                self._standbys.on_exit(pid)

    def _stop_listening(self) -> None:
        if self._listener.fileno() < 0:
            return
        path = str(self._listener.getsockname())
        self._selector.unregister(self._listener)
        self._listener.close()
        with contextlib.suppress(OSError):
            os.unlink(path)


def _is_same(now: selectors.SelectorKey, then: selectors.SelectorKey) -> bool:
    """Whether a descriptor is still what was ready, after what was done in this round before.

    A job's pipes may be closed by then, and their numbers be another job's, for which nothing has
    come yet. Sockets are told apart as objects, since who cares for one may change.
    """
    return now is then or (now.fileobj is then.fileobj and not isinstance(now.fileobj, int))


def _signal_pipe() -> int:
    """A descriptor that becomes readable with the number of each signal of interest."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return read
