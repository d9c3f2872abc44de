"""Penguins as they are measured: a day's CSV files become its span.

Files arrive in ``.headrace/data/penguins_stream/in``; each has a column ``measured``
beside the birds' own.
"""

from __future__ import annotations

import os
from pathlib import Path

from components.stream_example_gen import FileStream
from pipelines.penguins import features

STATE = Path(os.environ.get("HEADRACE_HOME") or Path(__file__).parents[2] / ".headrace")
DAY = 24 * 3600


def create_stream() -> FileStream:
    """The stream that ``bin/headrace stream start penguins`` starts."""
    data = STATE / "data" / "penguins_stream"  # of data/penguins the pipeline reads all files
    return FileStream(
        source=str(data / "in"),
        directory=str(data / "landed"),
        columns={
            "measured": "bytes",
            features.LABEL: "bytes",
            **dict.fromkeys(features.CATEGORICAL, "bytes"),
            **dict.fromkeys(features.NUMERIC, "float"),
        },
        time_column="measured",
        time_format="iso",
        window_seconds=DAY,
        allowed_lateness=3600,
        idle_seconds=3600,
    )
