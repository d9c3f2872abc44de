"""Where a client reads a job's frames from: the server's socket, or a subprocess of its own."""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from headrace.launcher.processes import (
    GRACE_SECONDS,
    die_with_parent,
    exit_frame,
    kill_session,
    signal_group,
)
from headrace.launcher.protocol import (
    CANCEL,
    LET_GO,
    ExitFrame,
    Frame,
    Request,
    decode_frame,
    encode,
)
from headrace.launcher.relay import JobPipes, Relay
from headrace.launcher.scratch import make_scratch
from headrace.launcher.starting import LauncherUnavailable, tfx_environ
from headrace.settings import Settings


class JobStream(Protocol):
    """One job's frames, and the way to cancel it."""

    def frames(self) -> Iterator[Frame]:
        """Yield frames as they come; the last is an exit or a stale frame, unless it broke."""

    def cancel(self) -> None:
        """Ask for the job's end; may be called from another thread or a signal handler."""

    def let_go(self) -> None:
        """End the frames; a job that has a hold runs on. As ``cancel``, from anywhere."""

    def close(self) -> None:
        """End a job that still runs, unless it was let go."""


class SocketStream:
    """A job of the launcher server."""

    def __init__(self, stream: socket.socket, request: Request) -> None:
        self._stream = stream
        self._released = False
        stream.sendall(encode(request))

    def frames(self) -> Iterator[Frame]:
        with self._stream.makefile("rb") as lines, contextlib.suppress(ConnectionResetError):
            for line in lines:
                if line.endswith(b"\n"):
                    yield decode_frame(line)

    def cancel(self) -> None:
        self._say(CANCEL)

    def let_go(self) -> None:
        self._released = True
        self._say(LET_GO)
        self._shut_down()

    def close(self) -> None:
        if not self._released:
            # Without the word, the server would take it for a client that died.
            self.cancel()
        self._shut_down()
        self._stream.close()

    def _say(self, word: bytes) -> None:
        with contextlib.suppress(OSError):
            self._stream.send(word + b"\n")

    def _shut_down(self) -> None:
        # Not just closed, because a file made from the socket would keep it open.
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)


class SubprocessStream:
    """A job in a process of its own, which imports TFX itself."""

    def __init__(self, settings: Settings, request: Request) -> None:
        self._settings, self._request = settings, request
        self._kill_at: float | None = None
        frames_read, frames_write = os.pipe()
        output_read, output_write = os.pipe()
        self._relay = Relay(JobPipes(frames_read, output_read))
        command = [str(settings.tfx_python), "-m", "headrace.launcher.child"]
        try:
            self._scratch = make_scratch(request.environ)
        except OSError as error:
            self._relay.close()
            raise LauncherUnavailable(f"no temporary directory can be made: {error}") from None
        environ = {**request.environ, "TMPDIR": str(self._scratch)}
        request = replace(request, environ=environ)
        try:
            self._process = subprocess.Popen(
                [*command, str(frames_write), str(output_write)],
                stdin=subprocess.PIPE,
                stdout=output_write,
                stderr=output_write,
                cwd="/",  # which is on the child's import path
                env=tfx_environ(settings),
                pass_fds=(frames_write, output_write),
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            self._relay.close()
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise LauncherUnavailable(
                f"{settings.tfx_python} cannot be run: {error.strerror}",
                "run bin/headrace setup, or set HEADRACE_TFX_PYTHON",
            ) from None
        finally:
            os.close(frames_write)
            os.close(output_write)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as stdin:
            stdin.write(encode(request))
        self._ended = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def frames(self) -> Iterator[Frame]:
        with selectors.DefaultSelector() as selector:
            for descriptor in self._relay.open_pipes:
                selector.register(descriptor, selectors.EVENT_READ)
            exit_of: ExitFrame | None = None
            while self._relay.open_pipes:
                ready = selector.select(0.2)
                for key, _ in ready:
                    for data in self._relay.read(key.fd):
                        yield decode_frame(data)
                    if key.fd not in self._relay.open_pipes:
                        selector.unregister(key.fd)
                self._escalate()
                exit_of = exit_of or self._reap(os.WNOHANG)
                if exit_of and not ready:
                    break
        yield exit_of or self._reap(0) or ExitFrame(code=None)

    def cancel(self) -> None:
        if self._kill_at is None:
            self._kill_at = time.monotonic() + GRACE_SECONDS
        signal_group(self._process.pid, signal.SIGTERM)

    def _escalate(self) -> None:
        """Kill what did not end within the grace after it was cancelled."""
        if self._kill_at is not None and time.monotonic() >= self._kill_at and not self._ended:
            kill_session(self._process.pid)

    def let_go(self) -> None:
        """Nothing: such a job cannot outlive the process that reads it."""

    def close(self) -> None:
        self._relay.close()
        if not self._ended:
            self._end()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _end(self) -> None:
        self.cancel()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            kill_session(self._process.pid)
            self._process.wait()
            self._close_what_is_open()

    def _reap(self, options: int) -> ExitFrame | None:
        try:
            pid, status, usage = os.wait4(self._process.pid, options)
        except ChildProcessError:
            return ExitFrame(code=None)
        if pid == 0:
            return None
        self._ended = True
        self._process.returncode = os.waitstatus_to_exitcode(status)
        kill_session(pid)
        self._close_what_is_open()
        return exit_frame(status, usage)

    def _close_what_is_open(self) -> None:
        # Not above: importing Flink's client is a fifth of what a task imports of headrace.
        from headrace.flink.owners import cancel_jobs_of
        from headrace.keeping.aside import repair_aside
        from headrace.launcher.closing import close_after

        cancel_jobs_of(self._settings.home, self._process.pid)
        code = self._process.returncode
        close_after(
            functools.partial(repair_aside, self._settings.tfx_python, tfx_environ(self._settings)),
            self._request,
            None if code < 0 else code,
            [self._process.pid] if self._kill_at is not None else [],
        )
