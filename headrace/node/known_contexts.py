"""Contexts that have an external id, so that one call finds all of a node's.

ML Metadata finds a context by its type and name, one at a time, in six round trips. By external ids
it finds any number in five. TFX gives contexts none, so headrace gives them one, made of their type
and name, whenever it writes them: also those that TFX's own runners or an older headrace have made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ml_metadata.proto import metadata_store_service_pb2 as service
from tfx.dsl.compiler import constants

_PREFIX = "headrace:context"
_KINDS = frozenset(
    (
        constants.PIPELINE_CONTEXT_TYPE_NAME,
        constants.PIPELINE_RUN_CONTEXT_TYPE_NAME,
        constants.NODE_CONTEXT_TYPE_NAME,
    )
)
"""Those whose names are known before a node's inputs are."""

Key = tuple[str, str]
"""A context's type and name."""


def external_id(key: Key) -> str:
    """The id that a context of this type and name has in every store."""
    return ":".join((_PREFIX, *key))


def claim_contexts(request: Any, types: Mapping[int, str]) -> None:
    """Give each context that a call writes its external id.

    ML Metadata takes the id from a context that is written without it, and TFX writes them all
    again with each execution.

    Args:
        types: names of context types by id, for contexts that name theirs by it alone.
    """
    for context in getattr(request, "contexts", ()):
        kind = context.type or types.get(context.type_id, "")
        if kind in _KINDS and not context.external_id:
            context.external_id = external_id((kind, context.name))


def contexts_of(node: Any) -> list[Key]:
    """The contexts of a pipeline's node, and those that its inputs are looked for in."""
    return list(dict.fromkeys(_contexts_of(node)))


def _contexts_of(node: Any) -> Iterator[Key]:
    specs = [*node.contexts.contexts]
    for item in node.inputs.inputs.values():
        for channel in item.channels:
            specs += channel.context_queries
    for spec in specs:
        name = spec.name.field_value.string_value
        if spec.type.name in _KINDS and name:
            yield spec.type.name, name


def asked_at_once(keys: Iterable[Key]) -> tuple[Any, Any]:
    """The request for these contexts, and an empty response to it."""
    request = service.GetContextsByExternalIdsRequest(external_ids=map(external_id, keys))
    return request, service.GetContextsByExternalIdsResponse()


def asked_alone(key: Key) -> tuple[Any, Any]:
    """The request for one context, and an empty response to it."""
    request = service.GetContextByTypeAndNameRequest(type_name=key[0], context_name=key[1])
    return request, service.GetContextByTypeAndNameResponse()


def as_asked_alone(contexts: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """The requests for each of these contexts, with their responses."""
    for context in contexts:
        request, response = asked_alone((context.type, context.name))
        response.context.CopyFrom(context)
        yield request, response
