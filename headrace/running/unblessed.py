"""What is said at the end of a run of a model that its evaluation did not bless."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MISSED = "missed: "
_MOST = 8


def unblessed(evaluation: Mapping[str, Any]) -> list[str]:
    """The thresholds that were missed, a line each; empty where a model was blessed, or not judged.

    Args:
        evaluation: of a node's result, which is empty where the node evaluates nothing.
    """
    if evaluation.get("blessed") is not False:
        return []
    findings = evaluation.get("findings", [])
    missed = [text[len(_MISSED) :] for text in findings if text.startswith(_MISSED)]
    more = len(missed) - _MOST
    told = missed[:_MOST] or ["its evaluation says no threshold that it missed"]
    return [*told, f"and {more} more, in the node's log"] if more > 0 else told
