"""A Resolver that finds nothing: TFX keeps its execution as failed, and goes on."""

from __future__ import annotations

from headrace.graph.reader import RESOLVER_TYPE

_FOUND_NOTHING = " returned None."
"""How TFX's error ends where a Resolver's strategy has nothing to return."""


def found_nothing(component: str, error: str) -> bool:
    """Whether a failed execution is that, from its type's name and the last line of its error."""
    return component == RESOLVER_TYPE and error.endswith(_FOUND_NOTHING)
