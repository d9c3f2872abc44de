"""Repairs one store, and says what was done."""

from __future__ import annotations

from headrace.keeping.repairs import OpenExecution, RepairRequest
from headrace.settings import MetadataUrl
from headrace.store.closing import close_dead
from headrace.store.opening import open_to_write


def repair_store(url: MetadataUrl, request: RepairRequest) -> list[OpenExecution] | None:
    """Close what dead processes have left open, print it, and return it; None: no store yet.

    Raises:
        UsageError: one that is asked for cannot be closed.
        StoreUnavailable: it cannot be used.
    """
    store = open_to_write(url)
    if store is None:
        return None
    closed = close_dead(store, url, request)
    for item in closed:
        if item.state:
            name = f"{item.pipeline}/{item.node_id}/{item.run_id}"
            print(f"execution {item.execution_id} of {name}: {item.state}, {item.reason}")
    return closed
