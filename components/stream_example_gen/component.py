"""The spans of a stream as the input of a training pipeline."""

from __future__ import annotations

from typing import Any

from tfx.proto import example_gen_pb2

from headrace.components.columnar_example_gen import ColumnarExampleGen

PATTERN = "span-{SPAN}/data-*"


def stream_spans(
    directory: str, span: str | Any | None = None, **kwargs: Any
) -> ColumnarExampleGen:
    """ColumnarExampleGen over the spans of the stream of this directory, of TFRecords.

    Args:
        directory: of the stream.
        span: which one is read, as a run parameter says it: the partition of the event that
            announces it; empty for the newest.
        kwargs: of ColumnarExampleGen, as ``output_config``.
    """
    split = example_gen_pb2.Input.Split(name="all", pattern=PATTERN)
    return ColumnarExampleGen(
        input_base=f"{directory.rstrip('/')}/spans",
        input_config=example_gen_pb2.Input(splits=[split]),
        input_format="tfrecord",
        span=span,
        **kwargs,
    )
