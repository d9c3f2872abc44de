"""Executions that do not count in their run any more: the node was asked for anew after them."""

from __future__ import annotations

from typing import Any

_SUPERSEDED = "headrace_superseded"
"""Custom property of an execution; its value means nothing."""


def is_superseded(execution: Any) -> bool:
    """Whether the node was asked for anew in its run after this execution."""
    return _SUPERSEDED in execution.custom_properties


def mark_superseded(execution: Any) -> None:
    """Put into an execution that it does not count any more; writing it is the caller's."""
    execution.custom_properties[_SUPERSEDED].int_value = 1
