"""How much a node reads, for a runner that chooses its parallelism from that."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

_FINGERPRINT = "input_fingerprint"
_TOTAL = re.compile(r"total_bytes:(\d+)")
_EXAMPLES = "Examples"
_log = logging.getLogger(__name__)


def input_bytes(inputs: Mapping[str, Iterable[Any]], properties: Mapping[str, Any]) -> int | None:
    """Bytes of the files that the node's Beam jobs read; None where that cannot be known.

    An ExampleGen has counted them, for its fingerprint. Any other node reads its examples, or if it
    has none, all that it is given.
    """
    counted = _TOTAL.findall(str(properties.get(_FINGERPRINT, "")))
    if counted:
        return sum(map(int, counted))
    artifacts = [artifact for items in inputs.values() for artifact in items]
    examples = [artifact for artifact in artifacts if artifact.type_name == _EXAMPLES]
    uris = [artifact.uri for artifact in examples or artifacts if artifact.uri]
    try:
        return sum(map(_bytes_below, uris)) if uris else None
    except Exception as error:  # of whatever file system it is
        _log.debug("The size of the input is not known: %s", error)
        return None


def _bytes_below(uri: str) -> int:
    import tensorflow as tf

    if not tf.io.gfile.isdir(uri):
        return int(tf.io.gfile.stat(uri).length)
    return sum(
        int(tf.io.gfile.stat(tf.io.gfile.join(folder, name)).length)
        for folder, _, names in tf.io.gfile.walk(uri)
        for name in names
    )
