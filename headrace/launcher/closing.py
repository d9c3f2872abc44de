"""Has executions closed in the store whose processes have ended without doing so."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from headrace.errors import EXIT_DONE, EXIT_FAILED
from headrace.ir.layout import METADATA_CONNECTION_FILE
from headrace.keeping.aside import repair_aside
from headrace.launcher.job import Job
from headrace.launcher.protocol import Request
from headrace.records.stores import own_store_url
from headrace.settings import parse_metadata_url

_REGULAR = (EXIT_DONE, EXIT_FAILED, 128 + signal.SIGTERM)
"""Exit codes of processes that have closed what they had opened."""


class Closer:
    """Repairs a store when the server is first asked for a node of it, and after a bad end.

    The first finds what a server or a machine that died has left, the second what one node has.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()

    def on_start(self, request: Request) -> None:
        """A request has come."""
        url = store_of(request)
        if url and url not in self._known:
            self._known.add(url)
            if _may_exist(url):
                repair_aside(Path(sys.executable), os.environ, url)

    def on_end(self, job: Job) -> None:
        """A job's process has ended."""
        cancelled = [job.pid] if job.is_ending else []
        close_after(Path(sys.executable), os.environ, job.request, job.exit_code, cancelled)


def close_after(
    python: Path,
    environ: Mapping[str, str],
    request: Request,
    exit_code: int | None,
    cancelled: Sequence[int],
) -> None:
    """Repair the store of a job whose process has ended and may not have closed its execution.

    Args:
        python, environ, cancelled: as of ``repair_aside``.
        exit_code: None if a signal has ended it.
    """
    url = store_of(request)
    if url and exit_code not in _REGULAR:
        repair_aside(python, environ, url, cancelled)


def store_of(request: Request) -> str:
    """The URL of the store that a job writes to; empty if it writes to none."""
    if url := str(request.payload.get("metadata_url", "")):
        return url
    ir_path = str(request.payload.get("ir_path", ""))
    return own_store_url(Path(ir_path).parent / METADATA_CONNECTION_FILE) if ir_path else ""


def _may_exist(url: str) -> bool:
    try:
        path = parse_metadata_url(url, Path("/")).path
        return path is None or path.is_file()
    except (ValueError, OSError):  # as of a path that is too long
        return False
