"""Runs single nodes through the launcher, as a task does, and times their parts."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.context import Context
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.client import run_node, stop_launcher
from headrace.launcher.jobs import NodeRequest
from headrace.launcher.protocol import Frame, LogFrame
from headrace.settings import LauncherMode, Settings

_STARTED = "executor started: "
"""What the component ``Wait`` prints before the time and its process's id."""


@dataclass
class Timing:
    """Seconds from the request.

    Attributes:
        executor: until the component's own code began; None for a node that does not say so.
        whole: until the result was there.
        pid: of the node's process, if it says so.
        logged: what it logged.
    """

    whole: float = 0.0
    executor: float | None = None
    pid: int = 0
    logged: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Nodes:
    """The nodes of one pipeline, in a project home and a metadata store of a benchmark's own."""

    settings: Settings
    manifest: Manifest
    url: str

    def run(
        self,
        node: str,
        run_id: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        url: str = "",
        settings: Settings | None = None,
        on_start: Callable[[Timing], None] = lambda timing: None,
    ) -> Timing:
        """Run a node and time it."""
        request = NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id=node,
            run_id=run_id,
            parameters=dict(parameters or {}),
            authored={k: v for k, v in (parameters or {}).items() if isinstance(v, str)},
            metadata_url=url or self.url,
            import_path=list(self.manifest.import_path),
        )
        timing = Timing()
        start = time.monotonic()

        def show(frame: Frame) -> None:
            if isinstance(frame, LogFrame):
                timing.logged.append(frame.message)
                if frame.message.startswith(_STARTED):
                    at, pid = frame.message.removeprefix(_STARTED).split()
                    timing.executor, timing.pid = float(at) - start, int(pid)
                    on_start(timing)

        run_node(settings or self.settings, request, show)
        timing.whole = time.monotonic() - start
        return timing

    def stop_launcher(self) -> None:
        """The next node starts one."""
        stop_launcher(self.settings)

    def in_subprocesses(self) -> Settings:
        """Settings with which each node's process imports TFX itself."""
        return replace(self.settings, launcher=LauncherMode.SUBPROCESS)


@contextlib.contextmanager
def nodes_of(context: Context, target: str, home: Path) -> Iterator[Nodes]:
    """Compile the pipeline and let its nodes be run; the launcher is stopped in the end."""
    home.mkdir(parents=True, exist_ok=True)
    settings = replace(
        context.settings, home=home, artifact_root=str(home / "artifacts"), metadata_url=None
    )
    # What this process's environment has set of headrace would be the nodes' too.
    for name in [name for name in os.environ if name.startswith("HEADRACE_")]:
        del os.environ[name]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        manifest = current_ir(target, settings, cwd=settings.project)
        yield Nodes(settings, manifest, f"sqlite:///{home / 'metadata.sqlite'}")
    finally:
        stop_launcher(settings)
