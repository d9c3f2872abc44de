"""Why a cluster does not take a job, in words that a user can act on."""

from __future__ import annotations

from headrace.errors import HeadraceError
from headrace.flink.jar import ENTRY_CLASS
from headrace.flink.job_api import JobRefused
from headrace.flink.traces import java_cause

_SIGNS = (
    (
        f"ClassNotFoundException: {ENTRY_CLASS}",
        "the runner jar is not on the cluster's class path",
        "put it there (bin/headrace flink jar builds one), or unset flink_jobs_directory so that "
        "each job brings it",
    ),
    (
        "not found on classpath",
        "the JobManager does not find the job's files",
        "a cluster with the runner jar on its class path needs flink_jobs_directory: a directory "
        "that the JobManager sees under the same path, and has on its class path, too",
    ),
)


def explained(refused: JobRefused) -> HeadraceError:
    """The error for a user; the whole trace stays in the one that was given."""
    trace = refused.hint
    for sign, reason, remedy in _SIGNS:
        if sign in trace:
            return HeadraceError(f"Flink refuses the job: {reason}", remedy)
    return HeadraceError(f"Flink refuses the job: {java_cause([trace]) or refused.message}")
