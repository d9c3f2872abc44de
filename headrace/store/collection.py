"""Removes the files of artifacts that may go, and says so in the store."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2

from headrace.keeping.collecting import Decision, Holdings, decide
from headrace.keeping.garbage import Collected, CollectRequest, Garbage
from headrace.records.lineage import producers
from headrace.store.protos import artifact_record
from headrace.store.reader import Reader
from headrace.store.removal import remove_output, size_of_output

_Artifact = metadata_store_pb2.Artifact
_AT_ONCE = 500
_CLOCKS_SECONDS = 60.0
"""So far a file server's clock may be from the store's."""
_PRECIOUS = {"ModelBlessing": "blessed", "PushedModel": "pushed"}
"""The custom property, by type, that is 1 where a model was blessed or pushed."""


def collect(store: Any, where: str, request: CollectRequest) -> Collected:
    """Find what may go, and remove it if that is asked for.

    It is marked first: from then on no node takes it for an input, nor the cache for an output.
    What was taken in the last moment is unmarked, and stays. Who is killed in between leaves it
    marked, and it goes the next time.
    """
    holdings = _holdings(store)
    decision = decide(holdings, request.as_policy(), time.time())
    found = _garbage(holdings, decision)
    foreign = decision.foreign + len(decision.remove) - len(found)
    if request.delete and found:
        found = _removed(store, holdings, found)
    return Collected(where, found, request.delete, decision.lineage, foreign)


def _holdings(store: Any) -> Holdings:
    protos = list(store.get_artifacts())
    reader = Reader(store)
    executions = reader.placed(list(store.get_executions()))
    links = [
        link
        for some in _batches([item.id for item in executions])
        for link in reader.links_of_executions(some)
    ]
    precious = {
        proto.id
        for proto in protos
        if (name := _PRECIOUS.get(proto.type, "")) in proto.custom_properties
        and proto.custom_properties[name].int_value == 1
    }
    artifacts = tuple(artifact_record(proto) for proto in protos)
    return Holdings(artifacts, tuple(executions), tuple(links), precious)


def _garbage(holdings: Holdings, decision: Decision) -> list[Garbage]:
    artifacts = {item.id: item for item in holdings.artifacts}
    executions = {item.id: item for item in holdings.executions}
    makers = producers(holdings.executions, holdings.links)
    found = []
    for number, directory in decision.remove.items():
        if _is_newer(Path(directory), artifacts[number].created_ms / 1000):
            continue
        maker = executions[makers[number].execution_id]
        found.append(
            Garbage(
                id=number,
                type=artifacts[number].type,
                pipeline=maker.pipeline,
                run_id=maker.run_id,
                node_id=maker.node_id,
                directory=directory,
                bytes=size_of_output(Path(directory)),
            )
        )
    return sorted(found, key=lambda item: item.id)


def _removed(store: Any, holdings: Holdings, found: Sequence[Garbage]) -> list[Garbage]:
    before = {item.id: item.state for item in holdings.artifacts}
    known = {(link.artifact_id, link.execution_id) for link in holdings.links}
    _mark(store, [item.id for item in found], _Artifact.MARKED_FOR_DELETION)
    taken = {
        event.artifact_id
        for some in _batches([item.id for item in found])
        for event in store.get_events_by_artifact_ids(some)
        if (event.artifact_id, event.execution_id) not in known
    }
    for number in taken:
        _mark(store, [number], _Artifact.State.Value(before[number].upper()))
    done = [_remove(item) for item in found if item.id not in taken]
    _mark(store, [item.id for item in done if not item.error], _Artifact.DELETED)
    return done


def _mark(store: Any, ids: Sequence[int], state: Any) -> None:
    for some in _batches(ids):
        protos = list(store.get_artifacts_by_id(some))
        for proto in protos:
            proto.state = state
        store.put_artifacts(protos)


def _remove(item: Garbage) -> Garbage:
    place = Path(item.directory)
    try:
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
        remove_output(place)
    except OSError as error:
        return replace(item, error=f"{error.filename}: {error.strerror}")
    return item


def _is_newer(directory: Path, created: float) -> bool:
    """Whether something was put there after the artifact was: by another store's execution.

    In a new store ids begin again, and lead to the same places.
    """
    try:
        return directory.stat().st_mtime > created + _CLOCKS_SECONDS
    except OSError:
        return False


def _batches(ids: Sequence[int]) -> Iterable[list[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield list(ids[start : start + _AT_ONCE])
