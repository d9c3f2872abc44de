"""A run's nodes through the launcher, their logs in a file each."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headrace.errors import HeadraceError
from headrace.ir.manifest import Manifest
from headrace.launcher.client import JobFailed, LauncherClient, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult, ParameterValue
from headrace.launcher.protocol import EventFrame, Frame, LogFrame
from headrace.running.record import log_file
from headrace.settings import Settings

Say = Callable[[str], None]

_TOLD = ("starting", "waiting")
"""Events of the launcher that a person waits for."""


@dataclass(frozen=True)
class RunSpec:
    """What every node of a run has in common.

    Attributes:
        parameters: values given for the run, by name.
        beam_overrides: Beam arguments over the settings', the pipeline's and the nodes' own.
        directory: where the nodes' logs go.
        metadata_url: may hold a password.
    """

    run_id: str
    manifest: Manifest
    runner: str
    directory: Path
    keras: str = "3"
    beam_overrides: tuple[str, ...] = ()
    metadata_url: str = field(repr=False, default="")
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)


def node_request(spec: RunSpec, settings: Settings, node_id: str) -> NodeRequest:
    """What the launcher is asked for, of one node of a run."""
    return NodeRequest(
        ir_path=spec.manifest.ir_path,
        node_id=node_id,
        run_id=spec.run_id,
        parameters=dict(spec.parameters),
        # Who types a command may as well edit the pipeline: its values are an author's.
        authored={n: text for n, text in spec.parameters.items() if isinstance(text, str)},
        metadata_url=spec.metadata_url,
        import_path=list(spec.manifest.import_path),
        runner=spec.runner,
        keras=spec.keras,
        beam_args=list(settings.beam_args),
        beam_overrides=list(spec.beam_overrides),
        owner=f"run:{os.uname().nodename}:{os.getpid()}",
    )


class LauncherWork:
    """Runs nodes through the launcher; may be cancelled from another thread."""

    def __init__(self, settings: Settings, spec: RunSpec, say: Say, say_log: Say | None) -> None:
        """``say`` is told of events of the launcher, ``say_log`` of each line of a node's log."""
        self._settings = settings
        self._spec = spec
        self._say = say
        self._say_log = say_log
        self._clients: set[LauncherClient] = set()
        self._lock = threading.Lock()
        self._cancelled = False

    def run(self, node_id: str) -> NodeResult:
        """Run one node.

        Raises:
            HeadraceError: it failed, or was cancelled.
        """
        client = LauncherClient(self._settings)
        with self._lock:
            if self._cancelled:
                raise HeadraceError(f"node {node_id}: the run was cancelled before it began")
            self._clients.add(client)
        try:
            with _NodeLog(log_file(self._spec.directory, node_id)) as log:

                def show(frame: Frame) -> None:
                    self._show(node_id, log, frame)

                try:
                    return run_node(
                        self._settings,
                        node_request(self._spec, self._settings, node_id),
                        show,
                        client,
                    )
                except JobFailed as failure:
                    log.write("ERROR", failure.error.traceback.rstrip() or failure.message)
                    raise
        finally:
            with self._lock:
                self._clients.discard(client)

    def cancel(self) -> None:
        """End the nodes that run; no other will begin."""
        with self._lock:
            self._cancelled = True
            clients = list(self._clients)
        for client in clients:
            client.cancel()

    def _show(self, node_id: str, log: _NodeLog, frame: Frame) -> None:
        if isinstance(frame, LogFrame):
            log.write(frame.level, frame.message, frame.time)
            if self._say_log is not None:
                self._say_log(f"{node_id}: {frame.level}: {frame.message}")
        elif isinstance(frame, EventFrame) and frame.event in _TOLD:
            self._say(frame.detail)


class _NodeLog:
    """A log file; a disk that is full must not end the node."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> _NodeLog:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = None
        with contextlib.suppress(OSError):
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()

    def write(self, level: str, message: str, at: float = 0.0) -> None:
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at or time.time()))
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.write(f"{moment} {level} {message}\n")
