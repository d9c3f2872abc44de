"""When a node outlives its task's process, and what the node is known by meanwhile."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict

from headrace.launcher.jobs import NodeRequest
from headrace.launcher.protocol import Hold
from headrace.settings import LauncherMode, Settings

_OF_ONE_TRY = ("owner", "try_number", "cleared_after")


def hold_of(settings: Settings, request: NodeRequest, *, followed: bool) -> Hold | None:
    """The hold of a node's job; None where the launcher keeps no jobs.

    Its key follows from the task, so that there is no moment at which a job runs whose id nobody
    has written down. Two Airflows may have tasks of one name; their stores tell them apart.

    Args:
        followed: whether somebody will come for a node that has lost its task: another try, or the
            same one after a deferral. The last try, too, looks for the job of the one before.
    """
    if settings.launcher is not LauncherMode.FORKSERVER:
        return None
    fields = {name: value for name, value in asdict(request).items() if name not in _OF_ONE_TRY}
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    store = hashlib.sha256(request.metadata_url.encode()).hexdigest()[:8]
    return Hold(
        key=f"{request.owner}@{store}",
        digest=digest,
        attempt=request.try_number,
        seconds=settings.launcher_hold_seconds if followed else 0,
        handover=settings.launcher_handover_seconds,
    )


def host() -> str:
    """This host's name, by which a trigger knows whether a node runs where it does."""
    return platform.node()
