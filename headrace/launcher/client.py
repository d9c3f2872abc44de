"""Asks for a job and waits for its result: the only door from Airflow's side to TFX's."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from enum import Enum
from typing import Any

from headrace.errors import HeadraceError, UsageError
from headrace.ir.manifest import Manifest
from headrace.launcher.fingerprint import environment_fingerprint
from headrace.launcher.jobs import ArtifactResult, CompileRequest, NodeRequest, NodeResult
from headrace.launcher.processes import kill_session
from headrace.launcher.protocol import (
    ErrorFrame,
    EventFrame,
    ExitFrame,
    Frame,
    Hold,
    Operation,
    ProtocolError,
    Request,
    ResultFrame,
    StaleFrame,
)
from headrace.launcher.starting import (
    LauncherUnavailable,
    connect_or_start,
    stop_launcher,
    tfx_environ,
)
from headrace.launcher.streams import JobStream, SocketStream, SubprocessStream
from headrace.settings import Keras, LauncherMode, Settings

__all__ = [
    "JobFailed",
    "JobKilled",
    "LauncherClient",
    "LauncherUnavailable",
    "LetGo",
    "compile_target",
    "run_node",
    "stop_launcher",
]

OnFrame = Callable[[Frame], None]

_PAUSE_SECONDS = 0.25
_REFUSALS = ("busy", "taken")


class _NotTaken(Enum):
    """Why a server did not begin with a job, which another one then can."""

    OUTDATED = "the launcher is of another version and does not make way"
    ENDED = "the launcher ended each time before it took the job"
    BUSY = "an earlier try of the node does not end"


_TRIES = {_NotTaken.OUTDATED: 20, _NotTaken.ENDED: 3, _NotTaken.BUSY: 60}


class JobFailed(HeadraceError):
    """The job ended with an error of its own."""

    def __init__(self, error: ErrorFrame) -> None:
        super().__init__(error.message, error.hint)
        self.error = error
        if error.error_type == UsageError.__name__:
            self.exit_code = UsageError.exit_code


class JobKilled(HeadraceError):
    """The job's process died before it could say how it went."""


class LetGo(Exception):
    """The client was told to leave the job running.

    Attributes:
        seen: how many of the job's frames there were until then, before its result or error.
    """

    def __init__(self, seen: int) -> None:
        super().__init__(f"left running after {seen} frames")
        self.seen = seen


class LauncherClient:
    """Runs one job at a time.

    ``cancel`` and ``let_go`` may be called from a signal handler or another thread.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stream: JobStream | None = None
        self._cancelled = False
        self._released = False
        self._has_begun = False

    def run(
        self,
        operation: Operation,
        payload: dict[str, Any],
        *,
        environ: Mapping[str, str] | None = None,
        on_frame: OnFrame | None = None,
        hold: Hold | None = None,
    ) -> dict[str, Any]:
        """Do a job in a process of the TFX environment and return its result.

        The job's environment is this process's own, without what is Airflow's, and ``environ``.
        Whatever ends this call early, an exception in ``on_frame`` too, ends the job. With a
        ``hold`` it goes on where this process dies, and where ``let_go`` says so.

        Raises:
            JobFailed: the job says why.
            JobKilled: its process died.
            LetGo: it runs on without this client.
            LauncherUnavailable: no process can be had for it.
        """
        show = on_frame or (lambda frame: None)
        settings = replace(self._settings, keras=Keras(payload["keras"]))
        request = Request(
            operation=operation,
            payload=payload,
            environ={**tfx_environ(settings), **(environ or {})},
            hold=hold if settings.launcher is LauncherMode.FORKSERVER else None,
        )
        tries = dict.fromkeys(_NotTaken, 0)
        while True:
            # Each time anew: an upgrade may have overtaken one that waited for room. As it was, it
            # would have the new server make way for another of the old version.
            current = replace(request, fingerprint=environment_fingerprint(settings))
            outcome = self._attempt(settings, current, show)
            if not isinstance(outcome, _NotTaken):
                return outcome
            tries[outcome] += 1
            if tries[outcome] == _TRIES[outcome]:
                raise LauncherUnavailable(
                    outcome.value, "run bin/headrace down, or stop it by hand"
                )
            time.sleep(_PAUSE_SECONDS)

    def cancel(self) -> None:
        """End the running job: SIGTERM to its processes, SIGKILL after five seconds."""
        self._cancelled = True
        if self._stream is not None:
            self._stream.cancel()

    def let_go(self) -> None:
        """Leave a job that has a hold to whoever comes for it; one without is cancelled.

        One that waits for room is left once it has begun: until then there is nothing to come for.
        """
        self._released = True
        if self._stream is not None and self._has_begun:
            self._stream.let_go()

    def _attempt(
        self, settings: Settings, request: Request, show: OnFrame
    ) -> dict[str, Any] | _NotTaken:
        try:
            self._stream = stream = _open(settings, request, show)
        except ConnectionError:
            return _NotTaken.ENDED
        pid = 0
        seen = request.hold.seen if request.hold else 0
        taken = self._has_begun = False
        result: ResultFrame | None = None
        error: ErrorFrame | None = None
        try:
            if self._cancelled:
                stream.cancel()
            for frame in stream.frames():
                if isinstance(frame, StaleFrame):
                    return _NotTaken.OUTDATED
                if isinstance(frame, EventFrame) and frame.event in _REFUSALS:
                    if frame.event == "busy":
                        return _NotTaken.BUSY
                    raise LauncherUnavailable("another try of the node has taken it over")
                if isinstance(frame, EventFrame) and frame.event == "waiting":
                    show(frame)  # not the job's own, so whoever comes later does not miss it
                    continue
                taken = self._has_begun = True
                if self._released:
                    stream.let_go()
                if isinstance(frame, ExitFrame):
                    return _outcome(result, error, frame)
                if isinstance(frame, EventFrame) and frame.pid:
                    pid = frame.pid
                if isinstance(frame, ResultFrame):
                    result = frame
                elif isinstance(frame, ErrorFrame):
                    error = frame
                elif result is None and error is None:
                    seen += 1
                show(frame)
        except ProtocolError as broken:
            raise LauncherUnavailable(f"the launcher said something unknown: {broken}") from None
        finally:
            self._stream = None
            stream.close()
        if self._released and request.hold is not None:
            raise LetGo(seen)
        if error is not None:
            raise JobFailed(error)
        if not taken and not self._cancelled:
            # A server that is being killed still accepts connections for a moment.
            return _NotTaken.ENDED
        if pid:
            # The server is gone, and with it whoever would end the job's other processes.
            from headrace.flink.owners import cancel_jobs_of  # no task else needs Flink's client

            kill_session(pid)
            cancel_jobs_of(self._settings.home, pid)
        raise LauncherUnavailable(
            "the launcher ended while it ran the job", "it is started again by the next try"
        )


def _open(settings: Settings, request: Request, show: OnFrame) -> JobStream:
    if settings.launcher is LauncherMode.SUBPROCESS:
        return SubprocessStream(settings, request)
    stream = connect_or_start(
        settings,
        request.fingerprint,
        lambda text: show(EventFrame("starting", detail=text)),
    )
    try:
        return SocketStream(stream, request)
    except ConnectionError:
        stream.close()
        raise
    except OSError as error:
        stream.close()
        raise LauncherUnavailable(f"the launcher cannot be reached: {error}") from None


def _outcome(
    result: ResultFrame | None, error: ErrorFrame | None, exit_of: ExitFrame
) -> dict[str, Any]:
    if error is not None:
        raise JobFailed(error)
    if result is not None:
        return result.value
    peak = f"its peak memory was {exit_of.max_rss_bytes / 1e9:.2f} GB"
    if exit_of.signal is None:
        raise JobKilled(f"the job's process ended with exit code {exit_of.code}; {peak}")
    name = f"signal {exit_of.signal}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(exit_of.signal).name
    hint = ""
    if exit_of.signal == signal.SIGKILL:
        hint = "SIGKILL is what the kernel sends when memory runs out: see dmesg, or give it more"
    raise JobKilled(f"the job's process was ended by {name}; {peak}", hint)


def run_node(
    settings: Settings,
    request: NodeRequest,
    on_frame: OnFrame | None = None,
    client: LauncherClient | None = None,
    hold: Hold | None = None,
) -> NodeResult:
    """Run a node; raises as ``LauncherClient.run`` does."""
    client = client or LauncherClient(settings)
    value = client.run(Operation.RUN_NODE, asdict(request), on_frame=on_frame, hold=hold)
    outputs = [ArtifactResult(**output) for output in value["outputs"]]
    return NodeResult(**{**value, "outputs": outputs})


def compile_target(
    settings: Settings, request: CompileRequest, on_frame: OnFrame | None = None
) -> Manifest:
    """Compile a target; raises as ``LauncherClient.run`` does."""
    value = LauncherClient(settings).run(Operation.COMPILE, asdict(request), on_frame=on_frame)
    return Manifest.from_json(json.dumps(value))
