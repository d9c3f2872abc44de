"""The spans of a stream as the input of a training pipeline."""

from __future__ import annotations

from typing import Any

from tfx.components import ImportExampleGen
from tfx.proto import example_gen_pb2

PATTERN = "span-{SPAN}/data-*"


def stream_spans(directory: str, **kwargs: Any) -> ImportExampleGen:
    """TFX's ImportExampleGen over the spans of the stream of this directory.

    Args:
        directory: of the stream.
        kwargs: of ImportExampleGen, as ``range_config`` and ``output_config``.
    """
    split = example_gen_pb2.Input.Split(name="all", pattern=PATTERN)
    return ImportExampleGen(
        input_base=f"{directory.rstrip('/')}/spans",
        input_config=example_gen_pb2.Input(splits=[split]),
        **kwargs,
    )
