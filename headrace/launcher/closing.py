"""Has executions closed in the store whose processes have ended without doing so."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from headrace.errors import EXIT_DONE, EXIT_FAILED
from headrace.ir.layout import METADATA_CONNECTION_FILE
from headrace.launcher.job import Job
from headrace.launcher.protocol import Request
from headrace.records.stores import own_store_url
from headrace.settings import parse_metadata_url

Repair: TypeAlias = Callable[[str, Sequence[int]], object]

_REGULAR = (EXIT_DONE, EXIT_FAILED, 128 + signal.SIGTERM)
"""Exit codes of processes that have closed what they had opened."""


class Closer:
    """Repairs a store when the server is first asked for a node of it, and after a bad end.

    The first finds what a server or a machine that died has left, the second what one node has.

    Args:
        repair: begins the repair of the store with this URL, given the processes that had been told
            to end; must not wait.
    """

    def __init__(self, repair: Repair) -> None:
        self._repair = repair
        self._known: set[str] = set()

    def on_start(self, request: Request) -> None:
        """A request has come."""
        url = store_of(request)
        if url and url not in self._known:
            self._known.add(url)
            if _may_exist(url):
                self._repair(url, ())

    def on_end(self, job: Job) -> None:
        """A job's process has ended."""
        close_after(self._repair, job.request, job.exit_code, [job.pid] if job.is_ending else [])


def close_after(
    repair: Repair, request: Request, exit_code: int | None, cancelled: Sequence[int]
) -> None:
    """Repair the store of a job whose process has ended and may not have closed its execution.

    Args:
        repair: as of ``Closer``.
        exit_code: None if a signal has ended it.
        cancelled: its process, if it had been told to end.
    """
    url = store_of(request)
    if url and exit_code not in _REGULAR:
        repair(url, cancelled)


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
