"""Ends a streaming job with a savepoint, from which it can go on."""

from __future__ import annotations

import time

from headrace.errors import HeadraceError, UsageError
from headrace.flink.job_api import ENDED, JobApi, JobRefused, Savepoint
from headrace.flink.rest import Job

_POLL_SECONDS = 0.15
_LIMIT_SECONDS = 600.0
_START_SECONDS = 120.0
_CAUSE = "Caused by: "
_STARTING = "Not all required tasks are currently running"
_BEFORE_RUNNING = frozenset(("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING"))


def find_job(jobs: list[Job], text: str) -> Job:
    """The job of this id (or the beginning of it) or name; of that name, the one that runs.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [job for job in jobs if text and (job.job_id.startswith(text) or job.name == text)]
    running = [job for job in found if job.state not in ENDED]
    if len(running) == 1:
        return running[0]
    if len(running) > 1:
        ids = ", ".join(job.job_id for job in running)
        raise UsageError(f"{text!r} is more than one job", f"give one's id: {ids}")
    if found:
        raise UsageError(f"job {text!r} has ended: it is {found[0].state}")
    names = [f"{job.job_id} {job.name}" for job in jobs if job.state not in ENDED]
    raise UsageError(
        f"there is no job {text!r}", "\n".join(["running:", *names]) if names else "none is running"
    )


def stop_with_savepoint(
    api: JobApi, job_id: str, directory: str = "", *, drain: bool = False
) -> str:
    """Stop the job when a savepoint of it is complete; return the savepoint's path.

    What the job emits before the savepoint it will not emit again after it, and nothing is emitted
    in between. If there can be no savepoint the job runs on. A job that is starting is
    waited for.

    Args:
        directory: of savepoints, as the JobManager reads it; empty: the cluster's own.
        drain: let event time end first; for a job that is not to go on.

    Raises:
        HeadraceError: there is no savepoint.
    """
    begun = time.monotonic()
    deadline = begun + _LIMIT_SECONDS
    while not (savepoint := _ask(api, job_id, directory, deadline, drain=drain)).path:
        if _STARTING not in savepoint.trouble or not _is_starting(api, job_id):
            raise _no_savepoint(job_id, savepoint.trouble)
        if time.monotonic() > begun + _START_SECONDS:
            raise HeadraceError(
                f"Flink job {job_id} has no savepoint, since it has not started yet",
                "it goes on; bin/headrace flink status shows who has the slots that it waits for, "
                "and bin/headrace flink stop --cancel ends it without a savepoint",
            )
        time.sleep(_POLL_SECONDS)
    while api.state(job_id) not in ENDED and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return savepoint.path


def _ask(api: JobApi, job_id: str, directory: str, deadline: float, *, drain: bool) -> Savepoint:
    """Ask for a savepoint once, and wait for what comes of it: a path, or the trouble."""
    try:
        request = api.ask_to_stop(job_id, directory, drain=drain)
        while not (savepoint := api.savepoint(job_id, request)).done:
            if time.monotonic() > deadline:
                raise HeadraceError(
                    f"Flink job {job_id} has no savepoint after {_LIMIT_SECONDS:.0f} s",
                    "it goes on; its checkpoints in Flink's web UI show what they wait for",
                )
            time.sleep(_POLL_SECONDS)
    except JobRefused as refused:
        return Savepoint(done=True, trouble=refused.hint)
    return savepoint


def _is_starting(api: JobApi, job_id: str) -> bool:
    """Whether tasks are still to start; those of a batch job do so one after another."""
    states = {vertex.state for vertex in api.detail(job_id).vertices}
    return bool(states & _BEFORE_RUNNING) and "FINISHED" not in states


def _no_savepoint(job_id: str, trace: str) -> HeadraceError:
    causes = [line.strip() for line in trace.splitlines() if line.strip()]
    named = [line.partition(_CAUSE)[2] for line in causes if _CAUSE in line]
    reason = (named or causes or ["Flink does not say why"])[-1 if named else 0]
    return HeadraceError(
        f"Flink job {job_id} has no savepoint, and goes on",
        f"{reason}\na batch job has none; end it with bin/headrace flink stop --cancel",
    )
