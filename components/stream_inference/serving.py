"""The newest model of a serving directory, for Beam's RunInference.

RunInference itself swaps models by a side input. Beam's Flink runner cannot take a checkpoint of a
streaming job with side inputs, so such a stream would begin anew after each failure. So the handler
looks for itself, between two batches.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import ModelHandler, PredictionResult

from headrace.components.stream_example_gen.journal import StreamError
from headrace.components.stream_example_gen.rows import RowFormat, read_rows
from headrace.components.stream_example_gen.staging import Block, block_path

_AT_ONCE = 1024
_log = logging.getLogger("headrace.stream_inference")


def newest_version(serving: Path) -> int | None:
    """The greatest number among the versions in a serving directory, as TensorFlow Serving's."""
    try:
        found = [int(path.name) for path in serving.iterdir() if path.name.isdigit()]
    except FileNotFoundError:
        return None
    return max(found, default=None)


class LiveModel:
    """The model in use; it is replaced when a newer version, or after a rollback another, is there.

    Args:
        look_seconds: at most so often the directory is looked at.

    Raises:
        StreamError: no model has been pushed yet.
    """

    def __init__(self, serving: Path, signature: str, look_seconds: float) -> None:
        self._serving, self._signature = serving, signature
        self._look_seconds = look_seconds
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._refused: int | None = None
        self._swaps = Metrics.counter("stream_inference", "model_swaps")
        version = newest_version(serving)
        if version is None:
            raise StreamError(f"there is no model in {serving}: push one before the stream starts")
        self._version, self._function, self._model = self._load(version)

    def current(self) -> tuple[int, Any]:
        """The version and the function to call; looks for a newer one first."""
        with self._lock:
            if time.monotonic() - self._looked >= self._look_seconds:
                self._looked = time.monotonic()
                self._look()
            return self._version, self._function

    def _look(self) -> None:
        version = newest_version(self._serving)
        if version is None or version in (self._version, self._refused):
            return  # without any model the one that is loaded goes on
        try:
            self._version, self._function, self._model = self._load(version)
        except Exception as error:
            self._refused = version
            _log.error("model %d cannot be used, %d goes on: %s", version, self._version, error)
        else:
            self._swaps.inc()
            _log.info("model %d is in use now", version)

    def _load(self, version: int) -> tuple[int, Any, Any]:
        import tensorflow as tf

        model = tf.saved_model.load(str(self._serving / str(version)))
        function = model.signatures.get(self._signature)
        if function is None:
            there = ", ".join(model.signatures) or "none"
            raise StreamError(
                f"model {version} in {self._serving} has no signature {self._signature}: {there}"
            )
        _, named = function.structured_input_signature
        if len(named) != 1:
            raise StreamError(
                f"signature {self._signature} takes {', '.join(named)}: the stream needs one that "
                "takes serialized tf.Examples, and nothing else"
            )
        [name] = named
        return version, lambda examples: function(**{name: examples}), model


class BlockHandler(ModelHandler):  # type: ignore[misc]
    """Predicts the rows of blocks; an element is a block, its inference a list of rows' outputs."""

    def __init__(self, directory: str, serving: str, signature: str, look_seconds: float) -> None:
        super().__init__()
        self._directory, self._serving = Path(directory), Path(serving)
        self._signature, self._look_seconds = signature, look_seconds

    def load_model(self) -> LiveModel:
        """The newest model."""
        return LiveModel(self._serving, self._signature, self._look_seconds)

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        """A block is a batch already."""
        return {"min_batch_size": 1, "max_batch_size": 1}

    def run_inference(
        self,
        batch: Sequence[Any],
        model: LiveModel,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterator[PredictionResult]:
        """The outputs of each row of each block, and the version that gave them."""
        import tensorflow as tf

        for element in batch:
            block = Block(*element)
            version, predict = model.current()
            examples = read_rows(block_path(self._directory, block.name), RowFormat()).values
            rows: list[dict[str, Any]] = []
            for start in range(0, len(examples), _AT_ONCE):
                some = examples[start : start + _AT_ONCE]
                outputs = {
                    name: value.numpy() for name, value in predict(tf.constant(some)).items()
                }
                rows += [
                    {name: _plain(values[index]) for name, values in outputs.items()}
                    for index in range(len(some))
                ]
            yield PredictionResult((block, examples), rows, str(version))


def _plain(value: Any) -> Any:
    found = value.tolist() if hasattr(value, "tolist") else value
    return _decoded(found)


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
