"""Removes what a try has put into the places of its outputs, and leaves no directory behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tfx.dsl.io import fileio
from tfx.types.value_artifact import ValueArtifact


def remove_outputs(outputs: Mapping[str, Iterable[Any]]) -> None:
    """Remove them all, as TFX does where an executor fails, but whichever of them there are.

    TFX stops at the first that is not there, leaves those that it had made before one could not
    be made, and of an output that is one value the directory around its file.

    Raises:
        Exception: of the file system, where one that is there cannot be removed; the others are.
    """
    failure: Exception | None = None
    for artifact in (item for items in outputs.values() for item in items):
        if not artifact.uri or artifact.is_external:
            continue
        try:
            _remove(artifact.uri)
        except Exception as error:
            failure = failure or error
        if isinstance(artifact, ValueArtifact) and "://" not in artifact.uri:
            # What was set aside in it stays, and then it does.
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(artifact.uri))
    if failure is not None:
        raise failure


def _remove(uri: str) -> None:
    if not fileio.exists(uri):
        return
    if fileio.isdir(uri):
        fileio.rmtree(uri)
    else:
        fileio.remove(uri)
