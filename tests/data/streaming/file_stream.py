"""A stream of files whose places the environment names, with frequent checkpoints."""

from __future__ import annotations

import os
from dataclasses import dataclass

from components.stream_example_gen import FileStream

OFTEN = (
    "--flink_option=execution.checkpointing.interval=700ms",
    "--flink_option=execution.checkpointing.min-pause=100ms",
)


@dataclass(frozen=True)
class _Quick(FileStream):
    beam_args: tuple[str, ...] = OFTEN


def create_stream() -> FileStream:
    """The stream of a test."""
    place = os.environ["STREAM_TEST_PLACE"]
    return _Quick(
        source=f"{place}/in",
        directory=f"{place}/out",
        columns={"time": "int", "word": "bytes"},
        time_column="time",
        window_seconds=10,
        allowed_lateness=5,
        look_seconds=0.2,
    )
