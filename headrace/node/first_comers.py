"""Nodes that are the first in an empty database server, several at the same moment.

ML Metadata makes its tables one by one, and a second client that comes meanwhile fails. Types have
no unique name in its schema: each client looks for one, finds none and inserts it, and the store
then has it several times, with executions and contexts under either. So a type is given an external
id here, which is unique in the schema: of two that insert it, one is refused, looks again and finds
the other's. It holds between hosts, too. On SQLite the lock beside the file keeps each call alone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

import ml_metadata as mlmd

_T = TypeVar("_T")

_TYPES = ("artifact_type", "execution_type", "context_type")
_TRIES = 30
_PAUSE_SECONDS = 0.3
_OPENING = ("concurrent connection", "already exists", "duplicate", "deadlock")
_REGISTERING = ("external_id", "duplicate", "deadlock")


def puts_types(name: str) -> bool:
    """Whether a call of this name registers types."""
    return name.startswith("Put") and name.endswith(("Type", "Types"))


def claim_types(request: Any) -> None:
    """Give each type of a request an external id that follows from its kind, name and version."""
    fields = {field.name: value for field, value in request.ListFields()}
    for kind in _TYPES:
        for item in [*fields.get(f"{kind}s", ()), *filter(None, [fields.get(kind)])]:
            if not item.external_id:
                item.external_id = f"headrace:{kind}:{item.name}:{item.version}"


def opened(connect: Callable[[], _T]) -> _T:
    """Connect to a store, again while another client is about to make its tables."""
    return _patiently(connect, RuntimeError, _OPENING)


def registered(call: Callable[[], _T]) -> _T:
    """Register types, again where another client was a moment quicker."""
    return _patiently(call, mlmd.errors.StatusError, _REGISTERING)


def _patiently(work: Callable[[], _T], kind: type[Exception], signs: tuple[str, ...]) -> _T:
    for _ in range(_TRIES - 1):
        try:
            return work()
        except kind as error:
            if not any(sign in str(error).lower() for sign in signs):
                raise
        # Not all at the same moment again.
        time.sleep(random.uniform(0, _PAUSE_SECONDS))
    return work()
