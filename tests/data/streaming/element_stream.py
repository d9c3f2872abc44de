"""A stream of a source's elements in a place that the environment names, with many checkpoints."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from components.stream_example_gen import ElementStream
from tests.data.streaming.file_stream import OFTEN


@dataclass(frozen=True)
class _Quick(ElementStream):
    beam_args: tuple[str, ...] = OFTEN


def create_stream() -> ElementStream:
    """The stream of a test: eight rows a second."""
    return _Quick(
        source="tests.data.streaming.impulses.Impulses",
        source_arguments={"start": int(time.time()), "seconds": 0.125},
        directory=f"{os.environ['STREAM_TEST_PLACE']}/out",
        columns={"number": "int", "word": "bytes"},
        time_column="time",
        window_seconds=1,
        tick_seconds=0.2,
    )
