"""Why a node failed whose input has no files any more: libraries name a path, or not even that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfx.dsl.io import fileio

from headrace.errors import HeadraceError


class LostInput(HeadraceError):
    """The store knows an input of which the files are gone."""


def lost_input(inputs: Mapping[str, Sequence[Any]]) -> LostInput | None:
    """The first input whose place is not there; None if there is none.

    Looked at after a failure only: on an object store each look is a request, and some nodes need
    no files of an input.
    """
    for key, artifacts in inputs.items():
        for artifact in artifacts:
            if artifact.uri and not _is_there(artifact.uri):
                return LostInput(
                    f"the files of {artifact.type_name} {artifact.id}, its input {key}, are gone: "
                    f"there is no {artifact.uri}",
                    "put them back, or run what made it again, which is not served from the cache "
                    f"then: bin/headrace lineage {artifact.id} names it",
                )
    return None


def _is_there(uri: str) -> bool:
    try:
        return bool(fileio.exists(uri))
    except Exception:  # of whatever file system it is: then the failure itself has to do
        return True
