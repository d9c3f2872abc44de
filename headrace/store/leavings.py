"""What a try of a node has left on disk, found by what its execution says, and removed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headrace.keeping.owner import DIRECTORY, LEFT
from headrace.store.removal import remove_output

_SYSTEM = ".system"
_OF_THE_TRY = ("executor_execution", "stateful_working_dir")
"""Directories of TFX's, below a node's ``.system``, with one for each execution."""
_CLOCK_SECONDS = 2.0


def remove_leavings(execution: Any) -> list[str]:
    """Remove it, and return what was removed.

    What cannot be, because its disk has become read-only for example, is noted with the execution
    (``LEFT``), for a later repair; writing that to the store is the caller's.
    """
    removed, trouble = [], ""
    for place in leavings(execution):
        try:
            if remove_output(place):
                removed.append(str(place))
        except OSError as error:
            trouble = trouble or f"{place} cannot be removed: {error.strerror}"
    note_left(execution, trouble)
    return removed


def note_left(execution: Any, trouble: str) -> None:
    """Put into the execution why something of it is still there; empty: nothing is."""
    execution.custom_properties.pop(LEFT, None)
    if trouble:
        execution.custom_properties[LEFT].string_value = trouble


def leavings(execution: Any) -> Iterator[Path]:
    """What the try has made below its node's directory, of which TFX names it after the execution.

    What was there before the execution was registered is another store's, whose ids are the same.
    """
    text = text_of(execution, DIRECTORY).removeprefix("file://")
    if not text or "://" in text:
        return
    directory = Path(text)
    names = {str(execution.id), execution.name} - {""}
    with contextlib.suppress(OSError):
        keys = [entry.name for entry in os.scandir(directory) if not entry.name.startswith(".")]
        below = [*keys, *(f"{_SYSTEM}/{name}" for name in _OF_THE_TRY)]
        since = execution.create_time_since_epoch / 1000 - _CLOCK_SECONDS
        for place in (directory / part / name for part in below for name in sorted(names)):
            with contextlib.suppress(OSError):
                if place.lstat().st_ctime >= since:
                    yield place


def text_of(proto: Any, name: str) -> str:
    """A custom property that is a text; empty where there is none."""
    # Asking for one that is not there would make it.
    return (
        str(proto.custom_properties[name].string_value) if name in proto.custom_properties else ""
    )
