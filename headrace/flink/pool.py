"""The worker pool beside the TaskManagers, as a component, and what it says of its harnesses."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.flink.config import Places
from headrace.flink.paths import FlinkPaths
from headrace.flink.sizes import Sizes
from headrace.services.ports import HOST
from headrace.services.service import Component
from headrace.settings import Settings

NAME = "worker-pool"
STATE_FILE = "worker-pool.json"
_OURS = "headrace.worker_pool"
_LONGEST_TEMPORARY = 70
"""The pool has a socket two names deeper, and a socket's path may have 107 bytes (unix(7))."""
_BEAMS = "apache_beam.runners.worker.worker_pool_main"


@dataclass(frozen=True)
class Harness:
    """An SDK harness that runs: the id that its TaskManager gave it, its process, and its job."""

    worker_id: str
    pid: int
    job: str


def component(
    settings: Settings, paths: FlinkPaths, port: int, sizes: Sizes, places: Places
) -> Component:
    """The worker pool, listening on ``port`` of the loopback interface."""
    directory = places.start
    python = str(settings.tfx_python)
    if importlib.util.find_spec(_OURS) is not None:
        arguments = ["--host", HOST, "--port", str(port), "--state", str(directory / STATE_FILE)]
        command = [python, "-m", _OURS, *arguments, "--harness-memory-bytes", str(sizes.harness)]
    else:
        command = [python, "-m", _BEAMS, f"--service_port={port}"]
    # So that what a killed pool or harness leaves is removed with the rest of this start.
    short = len(os.fsencode(places.temporary)) <= _LONGEST_TEMPORARY
    environ = {"TMPDIR": str(places.temporary)} if short else {}
    return Component(NAME, tuple(command), paths.logs / f"{NAME}.log", directory, environ)


def read_harnesses(state: Path) -> list[Harness]:
    """The harnesses that the pool's state file names; none if there is no such file."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        found: dict[str, Any] = json.loads(state.read_text(encoding="utf-8"))
        return [
            Harness(str(item["worker_id"]), int(item["pid"]), str(item.get("job") or ""))
            for item in found["harnesses"]
        ]
    return []
