"""A submission that a cancelled process does not leave behind half known."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_GRACE_SECONDS = 4.0
"""A cancelled process is killed after five."""


def uninterrupted(submit: Callable[[], _T], undo: Callable[[_T], object]) -> _T:
    """Return what ``submit`` does, in a thread that no signal interrupts.

    A signal that comes meanwhile would otherwise leave a job that runs and whose id nobody knows.
    Here the caller still waits a moment for it, undoes it, and only then lets the signal through.

    Raises:
        Exception: as ``submit`` does.
    """
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(submit())
        except BaseException as error:  # handed over to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.2)
    except BaseException:
        thread.join(_GRACE_SECONDS)
        for result in results:
            with contextlib.suppress(Exception):
                undo(result)
        raise
    if errors:
        raise errors[0]
    return results[0]
