"""Finds executions in a metadata store at a cost that does not grow with the store.

TFX looks for the executions that belong to several contexts, such as a pipeline, a run and a node.
It would ask for all at once in a query language that MLMD no longer has, and then reads every
execution of each: of the whole pipeline, since its first run, in pages of which each reads the ids
of all. With 100,000 executions that takes minutes, twice for each node and once for each input.

A run has few executions, so these are read. Those of the node's own type among them, most often
one, are asked for their contexts; only where that would be many are the node's own executions read,
the newest, as far back as the run's oldest. A pipeline's are never read where the run or the node
is known: both are within it.

In a run, an execution that another has superseded is not found: what comes after reads the outputs
of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_service_pb2 as service
from tfx.dsl.compiler import constants
from tfx.orchestration.portable import cache_utils
from tfx.orchestration.portable.input_resolution import channel_resolver
from tfx.orchestration.portable.mlmd import execution_lib

from headrace.keeping.superseding import is_superseded

_PIPELINE = constants.PIPELINE_CONTEXT_TYPE_NAME
_NODE = constants.NODE_CONTEXT_TYPE_NAME
_ASKED = 4
"""So many executions are asked for their contexts; with more, the node is asked for executions."""
_FIRST_PAGE = 20
_CACHED = 20
"""Newest executions of a cache key; the others are asked for if none of these can be used."""


_types: dict[str, str] = {}


def quicken_lookups(types: Mapping[str, str]) -> None:
    """Make TFX, in this process, look for executions as this module does.

    Args:
        types: names of the types of nodes' executions, by the names of the nodes' contexts.
    """
    _types.update(types)
    execution_lib.get_executions_associated_with_all_contexts = lambda metadata_handle, contexts: (
        executions_in_all(metadata_handle.store, contexts)
    )
    channel_resolver._get_executions_by_all_contexts = executions_in_all
    find = cache_utils.get_cached_outputs
    if not hasattr(find, "__wrapped__"):
        cache_utils.get_cached_outputs = _newest_first(find)


def executions_in_all(store: Any, contexts: Iterable[Any]) -> list[Any]:
    """The executions that are associated with every one of the contexts, oldest first."""
    contexts = list(contexts)
    nodes = [context for context in contexts if context.type == _NODE]
    pipelines = [context for context in contexts if context.type == _PIPELINE]
    runs = [context for context in contexts if context.type not in (_NODE, _PIPELINE)]
    if runs:
        found = _common(store, runs)
        found = {key: item for key, item in found.items() if not is_superseded(item)}
        for node in nodes:
            found = _of_node(store, node, found)
    elif nodes and not any(_is_ambiguous(node.name) for node in nodes):
        found = _common(store, nodes)
    else:
        found = _common(store, [*nodes, *pipelines])
    return sorted(found.values(), key=lambda item: (item.create_time_since_epoch, item.id))


def _common(store: Any, contexts: Sequence[Any]) -> dict[int, Any]:
    found: dict[int, Any] | None = None
    for context in contexts:
        here = {item.id: item for item in _executions_of(store, context)}
        found = here if found is None else {key: found[key] for key in found.keys() & here.keys()}
        if not found:
            return {}
    return found or {}


def _executions_of(store: Any, context: Any) -> list[Any]:
    """All at once: a page of a hundred costs MLMD as much as everything."""
    request = service.GetExecutionsByContextRequest(context_id=context.id)
    response = service.GetExecutionsByContextResponse()
    store._call("GetExecutionsByContext", request, response)
    return list(response.executions)


def _of_node(store: Any, node: Any, found: dict[int, Any]) -> dict[int, Any]:
    """Those of ``found`` that are the node's."""
    kind = _types.get(node.name)
    if kind is not None:
        found = {key: item for key, item in found.items() if item.type in (kind, "")}
    if len(found) <= _ASKED:
        return {key: item for key, item in found.items() if _is_in(store, key, node)}
    limit = _FIRST_PAGE
    while found:
        newest = store.get_executions_by_context(
            node.id,
            list_options=mlmd.ListOptions(limit=limit, order_by=mlmd.OrderByField.ID, is_asc=False),
        )
        ids = {item.id for item in newest}
        if len(ids) < limit or min(ids) <= min(found):
            return {key: found[key] for key in found.keys() & ids}
        limit *= 4
    return {}


def _is_in(store: Any, execution_id: int, context: Any) -> bool:
    return any(item.id == context.id for item in store.get_contexts_by_execution(execution_id))


def _is_ambiguous(name: str) -> bool:
    """Whether it is not clear where the pipeline's name ends, so that another could have it too."""
    return name.count(".") > 1


def _newest_first(find: Any) -> Any:
    """``get_cached_outputs``, which reads every execution that was ever served with a cache key."""

    def get_cached_outputs(metadata_handle: Any, cache_context: Any) -> Any:
        newest = _Newest(metadata_handle.store)
        found = find(metadata_handle=_Handle(newest), cache_context=cache_context)
        if found is None and newest.was_cut:
            found = find(metadata_handle=metadata_handle, cache_context=cache_context)
        return found

    get_cached_outputs.__wrapped__ = find  # type: ignore[attr-defined]
    return get_cached_outputs


class _Handle:
    def __init__(self, store: Any) -> None:
        self.store = store


class _Newest:
    """A store that tells of a context's newest executions only."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.was_cut = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get_executions_by_context(self, context_id: int) -> list[Any]:
        options = mlmd.ListOptions(
            limit=_CACHED, order_by=mlmd.OrderByField.CREATE_TIME, is_asc=False
        )
        found = list(self._store.get_executions_by_context(context_id, list_options=options))
        self.was_cut = len(found) == _CACHED
        return found
