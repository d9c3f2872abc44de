"""A model that says at once which one it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf


class Adder(tf.Module):  # type: ignore[misc]
    """Adds its own number to feature ``count``."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = tf.Variable(float(number))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])  # type: ignore[untyped-decorator]
    def serve(self, examples: Any) -> dict[str, Any]:
        """The serving signature."""
        spec = {"count": tf.io.FixedLenFeature([], tf.int64)}
        count = tf.io.parse_example(examples, spec)["count"]
        return {"sum": tf.cast(count, tf.float32) + self.number}


def push(serving: Path, version: int, number: float) -> None:
    """Put a version where servers look, whole."""
    model = Adder(number)
    aside = serving / f".{version}"
    tf.saved_model.save(model, str(aside), signatures={"serving_default": model.serve})
    aside.rename(serving / str(version))
