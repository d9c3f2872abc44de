"""Repairs the project's metadata stores, and removes what dead processes have left beside them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from headrace.errors import HeadraceError, UsageError
from headrace.flink.owners import cancel_orphans
from headrace.keeping.repairs import OpenExecution, RepairRequest
from headrace.launcher.scratch import abandoned
from headrace.records.client import answers
from headrace.records.stores import store_urls
from headrace.settings import Settings


@dataclass(frozen=True)
class Repair:
    """What ``repair`` has found and done.

    Attributes:
        executions: those that were open, by store.
        unreadable: why stores could not be looked at, by store.
        flink_jobs: how many jobs of dead processes were cancelled.
        scratch: temporary directories of dead processes, removed.
    """

    executions: dict[str, list[OpenExecution]]
    unreadable: dict[str, str]
    flink_jobs: int
    scratch: list[str]


def repair(settings: Settings, executions: Sequence[int] = ()) -> Repair:
    """Close the executions whose owners are dead, and remove what they left.

    Args:
        executions: ids of open ones to close although nobody can say whether their owners live.

    Raises:
        UsageError: such an execution is not open, or alive, or there are several stores.
        HeadraceError: the stores cannot be asked.
    """
    urls = store_urls(settings)
    if executions and len(urls) > 1:
        raise UsageError(
            f"there are {len(urls)} metadata stores, with executions of the same ids",
            "set HEADRACE_METADATA_URL to the one that is meant",
        )
    request = {"urls": urls, "repair": asdict(RepairRequest(list(executions)))}
    found: dict[str, list[OpenExecution]] = {}
    unreadable: dict[str, str] = {}
    for answer in answers(settings, request):
        error = answer.get("error")
        if error and error["usage"]:
            raise UsageError(error["message"], error["hint"])
        if error:
            unreadable[answer["store"]] = str(HeadraceError(error["message"], error["hint"]))
        else:
            found[answer["store"]] = [OpenExecution(**item) for item in answer.get("repaired", ())]
    jobs = cancel_orphans(settings.home).jobs
    return Repair(found, unreadable, jobs, list(_remove_scratch()))


def _remove_scratch() -> list[str]:
    removed = []
    for directory in abandoned(os.environ):
        shutil.rmtree(directory, ignore_errors=True)
        removed.append(str(directory))
    return removed
