"""A stream of predictions in a place that the environment names, with frequent checkpoints."""

from __future__ import annotations

import os
from dataclasses import dataclass

from components.stream_inference import InferenceStream
from tests.data.streaming.file_stream import OFTEN


@dataclass(frozen=True)
class _Quick(InferenceStream):
    beam_args: tuple[str, ...] = OFTEN


def create_stream() -> InferenceStream:
    """The stream of a test."""
    place = os.environ["STREAM_TEST_PLACE"]
    return _Quick(
        source=f"{place}/in",
        directory=f"{place}/out",
        serving=f"{place}/serving",
        columns={"word": "bytes", "count": "int"},
        keys=("word",),
        look_seconds=0.2,
    )
