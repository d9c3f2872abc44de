"""Nodes that are the first in an empty database server, several at the same moment.

ML Metadata makes its tables one by one, and a second client that comes meanwhile fails. Types have
no unique name in its schema: each client looks for one, finds none and inserts it, and the store
then has it several times, with executions and contexts under either. So a type is given an external
id here, which is unique in the schema: of two that insert it, one is refused, looks again and finds
the other's. It holds between hosts, too. On SQLite the lock beside the file keeps each call alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import ml_metadata as mlmd

from headrace.retries import Patience, patiently

_T = TypeVar("_T")

_TYPES = ("artifact_type", "execution_type", "context_type")
_CLAIM = "headrace:"
_TRIES = 30
_PAUSE_SECONDS = 0.3
_OPENING = ("concurrent connection", "already exists", "duplicate", "deadlock")
_REGISTERING = ("external_id", "duplicate", "deadlock")


def puts_types(name: str) -> bool:
    """Whether a call of this name registers types."""
    return name.startswith("Put") and name.endswith(("Type", "Types"))


def claim_types(request: Any) -> None:
    """Give each type of a request an external id that follows from its kind, name and version."""
    for kind, item in _types_in(request):
        if not item.external_id:
            item.external_id = f"{_CLAIM}{kind}:{item.name}:{item.version}"


def hide_claims(response: Any) -> None:
    """Take such ids out of an answer: to TFX a type that has one is not the type it wants.

    It would register it once more, and ask for it again.
    """
    for _, item in _types_in(response):
        if item.external_id.startswith(_CLAIM):
            item.ClearField("external_id")


def _types_in(message: Any) -> Iterator[tuple[str, Any]]:
    fields = {field.name: value for field, value in message.ListFields()}
    for kind in _TYPES:
        for item in [*fields.get(f"{kind}s", ()), *filter(None, [fields.get(kind)])]:
            yield kind, item


class _InTurn(Patience):
    """Of those that came at the same moment not all come again at one."""

    def pause(self, calls: int) -> float:
        """Seconds, by chance."""
        return random.uniform(0, _PAUSE_SECONDS)


_IN_TURN = _InTurn(calls=_TRIES, total_seconds=math.inf)


def opened(connect: Callable[[], _T]) -> _T:
    """Connect to a store, again while another client is about to make its tables."""
    return patiently(
        lambda _: connect(), "opening the store", _says(RuntimeError, _OPENING), _IN_TURN
    )


def registered(call: Callable[[], _T]) -> _T:
    """Register types, again where another client was a moment quicker."""
    signs = _says(mlmd.errors.StatusError, _REGISTERING)
    return patiently(lambda _: call(), "registering types", signs, _IN_TURN)


def _says(kind: type[Exception], signs: tuple[str, ...]) -> Callable[[Exception], bool]:
    return lambda error: (
        isinstance(error, kind) and any(sign in str(error).lower() for sign in signs)
    )
