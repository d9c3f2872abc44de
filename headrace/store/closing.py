"""Closes executions whose processes have ended without a word, and removes what they left."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any
from urllib.parse import quote

from ml_metadata.proto import metadata_store_pb2

from headrace.errors import UsageError
from headrace.files import exclusive_lock
from headrace.keeping.owner import LEFT, PROCESS, Owner, Whereabouts
from headrace.keeping.repairs import OpenExecution, RepairRequest
from headrace.settings import MetadataUrl
from headrace.store.leavings import remove_leavings, text_of
from headrace.store.locks import closing_lock
from headrace.store.reader import Reader

_Execution = metadata_store_pb2.Execution
_Artifact = metadata_store_pb2.Artifact
_OUTPUTS = (
    metadata_store_pb2.Event.OUTPUT,
    metadata_store_pb2.Event.DECLARED_OUTPUT,
    metadata_store_pb2.Event.PENDING_OUTPUT,
)
_OPEN = (_Execution.NEW, _Execution.RUNNING)
_IDS = f"""
select id from Execution where last_known_state in {_OPEN}
union
select execution_id from ExecutionProperty
where name = '{LEFT}' and is_custom_property = 1 and string_value is not null
"""


def close_dead(store: Any, url: MetadataUrl, request: RepairRequest) -> list[OpenExecution]:
    """Close those whose owners are dead, and those that are asked for; say what was found open.

    What earlier tries could not remove when they ended, or were closed, is removed.

    Raises:
        UsageError: one that is asked for is not open, or its owner is alive; nothing was closed.
    """
    looked_at = _open_or_left(store, url)
    found = {proto.id: proto for proto in looked_at if _is_open(proto)}
    _require_closable([found.get(item) for item in request.executions], request.executions)
    places = {item.id: item for item in Reader(store).placed(list(found.values()))}
    outcome = []
    for proto in found.values():
        owner = _owner(proto)
        state, reason = _verdict(proto, owner, request)
        removed: list[str] = []
        if state:
            with exclusive_lock(closing_lock(url.path)):
                now = _again(store, proto)
                if now is None:
                    continue  # it has ended, or another try has taken it up
                removed = _close(store, now, state, reason)
        place = places[proto.id]
        outcome.append(
            OpenExecution(
                proto.id, place.pipeline, place.run_id, place.node_id, state, reason, removed
            )
        )
    return [*outcome, *_clear_up(store, url, [item for item in looked_at if _has_left(item)])]


def _clear_up(store: Any, url: MetadataUrl, left: list[Any]) -> list[OpenExecution]:
    """Remove what those have left that ended when nothing could be removed."""
    outcome = []
    for place, proto in zip(Reader(store).placed(left), left, strict=True):
        with exclusive_lock(closing_lock(url.path)):
            [now] = store.get_executions_by_id([proto.id])
            if not _has_left(now):
                continue  # another try has taken it up
            removed = remove_leavings(now)
            store.put_executions([now])
        state = str(_Execution.State.Name(now.last_known_state))
        reason = text_of(now, LEFT) or "what it had left could not be removed before"
        outcome.append(
            OpenExecution(
                now.id, place.pipeline, place.run_id, place.node_id, state, reason, removed
            )
        )
    return outcome


def _open_or_left(store: Any, url: MetadataUrl) -> list[Any]:
    """ML Metadata 1.21 lists all executions or those of ids, so SQLite itself is asked for ids."""
    if url.path is not None:
        uri = f"file:{quote(str(url.path))}?mode=ro"
        with (
            contextlib.suppress(sqlite3.Error),  # such as another schema's
            contextlib.closing(sqlite3.connect(uri, uri=True)) as connection,
        ):
            ids = [number for (number,) in connection.execute(_IDS)]
            return list(store.get_executions_by_id(ids)) if ids else []
    return [item for item in store.get_executions() if _is_open(item) or _has_left(item)]


def _is_open(proto: Any) -> bool:
    return proto.last_known_state in _OPEN


def _has_left(proto: Any) -> bool:
    return not _is_open(proto) and bool(text_of(proto, LEFT))


def _require_closable(protos: list[Any], asked: list[int]) -> None:
    for number, proto in zip(asked, protos, strict=True):
        if proto is None:
            raise UsageError(f"there is no open execution {number}", "bin/headrace runs has states")
        owner = _owner(proto)
        if owner is not None and owner.whereabouts(_seen(proto)) is Whereabouts.ALIVE:
            raise UsageError(
                f"execution {number} is run by {owner}, which is alive", "end that process first"
            )


def _verdict(proto: Any, owner: Owner | None, request: RepairRequest) -> tuple[str, str]:
    """The state to give it, or none, and why."""
    asked = proto.id in request.executions
    if owner is None:
        if asked:
            return "FAILED", "its process was not known; closed by hand"
        return "", "whose it is was not kept: an older headrace or another program runs it"
    whereabouts = owner.whereabouts(_seen(proto))
    if whereabouts is Whereabouts.ALIVE:
        return "", f"{owner} runs it"
    if whereabouts is Whereabouts.ELSEWHERE and not asked:
        return "", f"{owner} cannot be seen from here"
    if whereabouts is Whereabouts.DEAD and owner.process.pid in request.cancelled:
        return "CANCELED", f"{owner} was told to end and had to be killed"
    how = "closed by hand" if whereabouts is Whereabouts.ELSEWHERE else "ended without a word"
    return "FAILED", f"{owner}: {how}"


def _again(store: Any, before: Any) -> Any | None:
    """The execution now, if it is still the same process's and open."""
    [now] = store.get_executions_by_id([before.id])
    return now if _is_open(now) and _process(now) == _process(before) else None


def _close(store: Any, execution: Any, state: str, reason: str) -> list[str]:
    # The files first: who is killed in between leaves an execution that is still open.
    removed = remove_leavings(execution)
    events = store.get_events_by_execution_ids([execution.id])
    ids = [event.artifact_id for event in events if event.type in _OUTPUTS]
    artifacts = list(store.get_artifacts_by_id(ids)) if ids else []
    for artifact in artifacts:
        artifact.state = _Artifact.ABANDONED
    if artifacts:
        store.put_artifacts(artifacts)
    execution.last_known_state = _Execution.State.Value(state)
    execution.custom_properties["headrace_error"].string_value = reason
    store.put_executions([execution])
    return removed


def _owner(proto: Any) -> Owner | None:
    return Owner.from_text(_process(proto))


def _process(proto: Any) -> str:
    return text_of(proto, PROCESS)


def _seen(proto: Any) -> float:
    return float(proto.last_update_time_since_epoch) / 1000
