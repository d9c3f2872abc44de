"""Models small enough for a test, saved as Trainer saves them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import schema_utils

Predict = Callable[[dict[str, Any]], Any]
"""From a batch of parsed features to a tensor, or to tensors by name."""

SERVING = "serving_default"
_OUTPUT = "outputs"


def save_model(predict: Predict, schema: schema_pb2.Schema, directory: str) -> None:
    """Save a model whose serving signature parses tf.Examples and calls ``predict``."""
    spec = schema_utils.schema_as_feature_spec(schema).feature_spec

    def serve(examples: Any) -> Any:
        made = predict(tf.io.parse_example(examples, spec))
        return dict(made) if isinstance(made, Mapping) else {_OUTPUT: made}

    module = tf.Module()
    module.serve = tf.function(
        serve, input_signature=[tf.TensorSpec([None], tf.string, name="examples")]
    )
    tf.saved_model.save(module, directory, signatures={SERVING: module.serve})


def ask_model(directory: str, examples: list[bytes], signature: str) -> dict[str, Any]:
    """What a signature that takes tf.Examples answers: arrays by name.

    Raises:
        KeyError: the model has no such signature.
    """
    function = tf.saved_model.load(directory).signatures[signature]
    [name] = function.structured_input_signature[1]
    answers = function(**{name: tf.constant(examples, tf.string)})
    return {key: answer.numpy() for key, answer in answers.items()}


def serving_directory(uri: str) -> str:
    """Where the SavedModel of a Model or PushedModel is."""
    for folder in ("Format-Serving", "serving_model_dir"):
        if os.path.isdir(os.path.join(uri, folder)):
            return os.path.join(uri, folder)
    return uri
