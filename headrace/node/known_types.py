"""All types of a store, read in three calls, so that each is known when a node asks for it.

ML Metadata finds a type by its name in four to six round trips, and a node asks for those of its
execution, of each input and of each output. A process that stands by for a node has time to ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ml_metadata.proto import metadata_store_service_pb2 as service

_KINDS = ("Artifact", "Execution", "Context")


def asked_at_once() -> Iterator[tuple[str, Any, Any]]:
    """The calls for all types: the name of each, its request and an empty response."""
    for kind in _KINDS:
        name = f"Get{kind}Types"
        yield name, getattr(service, f"{name}Request")(), getattr(service, f"{name}Response")()


def as_asked_alone(response: Any) -> Iterator[tuple[str, Any, Any]]:
    """The calls for a type by its name that such a response answers."""
    for kind in _KINDS:
        field = f"{kind.lower()}_type"
        for found in getattr(response, f"{field}s", ()):
            name = f"Get{kind}Type"
            asked = {"type_name": found.name}
            if found.version:
                asked["type_version"] = found.version
            yield (
                name,
                getattr(service, f"{name}Request")(**asked),
                getattr(service, f"{name}Response")(**{field: found}),
            )
