"""Repairs a store in a fork of the server, which has imported what that takes.

A process of its own takes seconds to import it where the machine has much to do, and until then a
node that was cancelled, and killed because it did not end, is RUNNING in the store.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from headrace.keeping.aside import repairs_log
from headrace.keeping.repairs import RepairRequest
from headrace.launcher.forked import fork_aside
from headrace.settings import parse_metadata_url
from headrace.store.repairing import repair_store


def repair_forked(home: Path, url: str, cancelled: Sequence[int] = ()) -> None:
    """Begin the repair of the store with this URL, and do not wait for it.

    Args:
        home: the state directory, whose logs say what is done.
        cancelled: processes that were told to end, and had to be killed.
    """

    def repair() -> None:
        repair_store(parse_metadata_url(url, Path("/")), RepairRequest(cancelled=list(cancelled)))

    with contextlib.suppress(OSError):
        fork_aside(repair, repairs_log(home))
