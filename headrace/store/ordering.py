"""ML Metadata's answers in the order that its callers rely on.

ML Metadata hands rows on as the database gives them. SQLite gives them by their ids. PostgreSQL
gives them as they lie in its files, and a row that was updated, as each artifact is when it becomes
LIVE, may lie anywhere. TFX takes the first artifact of an answer for the first id that it asked for
when it serves a node from the cache (``cache_utils``), and so gives the node's outputs each other's
names; and it takes the first step of an event's path for its key.
"""

from __future__ import annotations

from typing import Any

_BY_ID = {
    "GetArtifactsByID": ("artifact_ids", "artifacts"),
    "GetExecutionsByID": ("execution_ids", "executions"),
    "GetContextsByID": ("context_ids", "contexts"),
}
_LISTS = frozenset(("artifacts", "executions", "contexts"))


def put_in_order(name: str, request: Any, response: Any) -> None:
    """Sort the answer to a call: as the ids were asked for, else by id; events as they were made.

    What was asked for in an order of its own is left in it.
    """
    if name in _BY_ID:
        asked, field = _BY_ID[name]
        places = {key: place for place, key in enumerate(getattr(request, asked))}
        getattr(response, field).sort(key=lambda item: places.get(item.id, len(places)))
        return
    for field, value in response.ListFields():
        if field.name in _LISTS and not _has_order(request):
            value.sort(key=lambda item: item.id)
        elif field.name == "events":
            for event in value:
                event.path.steps.sort(key=lambda step: step.WhichOneof("value") != "key")
            value.sort(key=_made)


def _has_order(request: Any) -> bool:
    return any(field.name == "options" for field, _ in request.ListFields())


def _made(event: Any) -> tuple[int, int]:
    """When, and its place under its key."""
    index = next(
        (step.index for step in event.path.steps if step.WhichOneof("value") == "index"), 0
    )
    return event.milliseconds_since_epoch, index
