"""Which process waits for which Flink job, so that a job whose process was killed is cancelled."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from headrace.errors import HeadraceError
from headrace.fields import read_fields
from headrace.files import write_atomically
from headrace.flink.job_api import ENDED, JobApi
from headrace.layout import Layout
from headrace.services.identity import ProcessIdentity

_DIRECTORY = "flink-jobs"
_CANCEL_SECONDS = 5.0
_SUBMISSION_SECONDS = 600.0
"""So long a cluster may take over a submission whose process has ended; see ``JobApi.submit``."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OwnedJob:
    """A running Flink job and the process that waits for it.

    Attributes:
        folder: the job's folder in the shared jobs directory; empty if it has none.
        is_submitting: whether the cluster may not know the job yet.
    """

    rest_url: str
    job_id: str
    name: str
    owner: ProcessIdentity
    folder: str = ""
    is_submitting: bool = False


def record(home: Path, job: OwnedJob) -> Path:
    """Write down that the job has an owner, or write it anew.

    Remove the returned file when the job has ended.
    """
    file = _directory(home) / f"{job.owner.pid}-{job.job_id}.json"
    write_atomically(file, json.dumps(asdict(job)) + "\n", mode=0o600)
    return file


def has_jobs(home: Path, pid: int) -> bool:
    """Whether a process with this id has left a record; costs one look into a directory."""
    return any(_directory(home).glob(f"{pid}-*.json"))


def cancel_jobs_of(home: Path, pid: int) -> None:
    """Cancel what a process that has ended left running; for a caller that may wait for it."""
    if has_jobs(home, pid) and cancel_orphans(home).awaited:
        cancel_jobs_aside(home, pid)


def cancel_jobs_aside(home: Path, pid: int) -> None:
    """Like ``cancel_jobs_of``, in a process of its own, which is a child for the caller to reap."""
    if has_jobs(home, pid):
        command = [sys.executable, "-m", "headrace.flink.orphans", str(home)]
        with contextlib.suppress(OSError):
            os.posix_spawn(command[0], command, os.environ)


@dataclass(frozen=True)
class Cancelled:
    """What became of jobs without owners.

    Attributes:
        jobs: how many were cancelled.
        awaited: how many are being submitted still; to cancel them, come again.
    """

    jobs: int = 0
    awaited: int = 0


def cancel_orphans(home: Path, is_orphan: Callable[[OwnedJob], bool] | None = None) -> Cancelled:
    """Cancel the jobs whose owners have ended without doing so.

    Args:
        is_orphan: by default, whether the owner's process has ended.
    """
    jobs = awaited = 0
    for file, job in list(_records(home)):
        orphan = job.owner.find() is None if is_orphan is None else is_orphan(job)
        if not orphan:
            continue
        if job.folder:
            # A submission that is under way fails for lack of it.
            shutil.rmtree(job.folder, ignore_errors=True)
        try:
            cancelled = _cancel(job)
        except HeadraceError as error:
            if job.is_submitting and _age(file) < _SUBMISSION_SECONDS:
                awaited += 1
                continue
            _log.warning("Flink job %s of %s: %s", job.job_id, job.name, error.message)
            cancelled = False
        file.unlink(missing_ok=True)
        jobs += cancelled
        if cancelled:
            _log.warning("Cancelled Flink job %s of %s: its process ended", job.job_id, job.name)
    return Cancelled(jobs, awaited)


def _cancel(job: OwnedJob) -> bool:
    """Whether there was something to cancel; ``HeadraceError`` if that cannot be told yet."""
    with JobApi(job.rest_url, _CANCEL_SECONDS) as api:
        if api.cancel(job.job_id):
            return True
        if job.is_submitting and (state := api.state(job.job_id)) not in ENDED:
            raise HeadraceError(f"it cannot be cancelled while it is {state}")
        return False


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0


def _records(home: Path) -> Iterator[tuple[Path, OwnedJob]]:
    for file in sorted(_directory(home).glob("*.json")):
        with contextlib.suppress(OSError, ValueError, RecursionError):
            yield file, read_fields(OwnedJob, json.loads(file.read_text(encoding="utf-8")))


def _directory(home: Path) -> Path:
    return Layout(home).runtime / _DIRECTORY
