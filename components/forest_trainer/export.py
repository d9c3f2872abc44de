"""The forest as a SavedModel with the signatures that TFX's components call."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
import ydf_tf  # noqa: F401  registers the operation that runs a forest
from tensorflow_metadata.proto.v0 import schema_pb2

from .dataset import Dataset
from .fields import Kind
from .problem import Problem, Task

Tensors = Mapping[str, Any]


def export(
    model: Any,
    problem: Problem,
    data: Dataset,
    transform: tft.TFTransformOutput | None,
    directory: str,
) -> None:
    """Write the model for serving, with Transform's graph in front of it if there is one.

    Signatures, all from serialized tf.Examples as they are before Transform: ``serving_default``,
    without a label, to the prediction; ``evaluate``, to that alone, as metrics take it; ``label``,
    to what the prediction is compared with, as feature ``label``.
    """
    module = tf.Module()
    examples = [tf.TensorSpec([None], tf.string, name="examples")]
    with tempfile.TemporaryDirectory() as scratch:
        module.forest = model.to_tensorflow_function(
            temp_dir=scratch, can_be_saved=True, squeeze_binary_classification=False
        )
        module.transform_layer = transform.transform_features_layer() if transform else None

        def features(serialized: tf.Tensor, wanted: Collection[str]) -> dict[str, Any]:
            if transform is None:
                return dict(tf.io.parse_example(serialized, _raw_spec(data.schema, wanted)))
            spec = transform.raw_feature_spec()
            needed = _needed(module.transform_layer, wanted, spec)
            raw = tf.io.parse_example(serialized, {name: spec[name] for name in needed})
            return dict(module.transform_layer(raw))

        def predict(serialized: tf.Tensor) -> tf.Tensor:
            return module.forest(_inputs(features(serialized, data.features), data))

        def serve(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
            return _answer(predict(serialized), problem, data)

        def evaluate(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
            found = predict(serialized)
            return {"prediction": found[:, 1] if problem.task is Task.BINARY else found}

        def label(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
            found = features(serialized, [problem.label])
            return {"label": _label(found[problem.label], data)}

        functions = {"serving_default": serve, "evaluate": evaluate, "label": label}
        signatures = {
            name: tf.function(function, input_signature=examples)
            for name, function in functions.items()
        }
        tf.saved_model.save(module, directory, signatures=signatures)


def _needed(layer: Any, wanted: Collection[str], spec: Collection[str]) -> list[str]:
    """Features before Transform that the wanted ones after it are made of.

    A request lacks others, such as the label. TFT knows which, and has no public way to ask.
    """
    loader = layer._saved_model_loader

    def can_be_missing(name: str) -> bool:
        return set(wanted) <= set(loader._get_fetches_keys(loader._get_feeds([name])))

    return [name for name in spec if not can_be_missing(name)]


def _raw_spec(schema: schema_pb2.Schema, wanted: Collection[str]) -> dict[str, Any]:
    """How raw examples are parsed: nothing is asked of a row, what it lacks is missing."""
    dtypes = {
        schema_pb2.INT: tf.int64,
        schema_pb2.FLOAT: tf.float32,
        schema_pb2.BYTES: tf.string,
    }
    return {
        feature.name: tf.io.VarLenFeature(dtypes[feature.type])
        for feature in schema.feature
        if feature.name in wanted
    }


def _inputs(found: Tensors, data: Dataset) -> dict[str, tf.Tensor]:
    """The forest's inputs: float32 with NaN, or text with "", where a value is missing."""
    inputs = {}
    for name, kind in data.features.items():
        width = data.widths[name]
        if kind is Kind.NUMBER:
            dense = _dense(found[name], width, lambda values: tf.cast(values, tf.float32), _NAN)
        else:
            dense = _dense(found[name], width, _text, "")
        inputs[name] = dense if width > 1 else dense[:, 0]
    return inputs


_NAN = float("nan")


def _text(values: tf.Tensor) -> tf.Tensor:
    return values if values.dtype == tf.string else tf.strings.as_string(values)


def _dense(values: Any, width: int, convert: Any, missing: float | str) -> tf.Tensor:
    """Values of shape [batch, width], of which a sparse column may have fewer or more."""
    if not isinstance(values, tf.SparseTensor):
        return tf.reshape(convert(values), [-1, width])
    rows = values.dense_shape[0]
    converted = tf.SparseTensor(values.indices, convert(values.values), values.dense_shape)
    kept = tf.sparse.slice(converted, [0, 0], tf.stack([rows, tf.constant(width, tf.int64)]))
    shape = tf.stack([rows, tf.constant(width, tf.int64)])
    shaped = tf.SparseTensor(kept.indices, kept.values, shape)
    return tf.sparse.to_dense(shaped, default_value=missing)


def _answer(found: tf.Tensor, problem: Problem, data: Dataset) -> dict[str, tf.Tensor]:
    if data.classes is None:
        return {"prediction": found}
    answer = {
        "class": tf.gather(_classes(data), tf.argmax(found, axis=1)),
        "probabilities": found,
    }
    if problem.task is Task.BINARY:
        answer["probability"] = found[:, 1]
    return answer


def _classes(data: Dataset) -> tf.Tensor:
    assert data.classes is not None
    if data.classes.are_numbers:
        return tf.constant([int(float(name)) for name in data.classes.names], tf.int64)
    return tf.constant(list(data.classes.names))


def _label(values: Any, data: Dataset) -> tf.Tensor:
    """The label as a metric takes it: a number, or the class's place; -1 for none of them."""
    if data.classes is None:
        return _dense(values, 1, lambda some: tf.cast(some, tf.float32), _NAN)[:, 0]
    if data.classes.are_numbers:
        dense = _dense(values, 1, lambda some: tf.cast(some, tf.int64), -1)
    else:
        dense = _dense(values, 1, _text, "")
    matches = tf.equal(dense, _classes(data)[tf.newaxis, :])
    place = tf.argmax(matches, axis=1)
    return tf.where(tf.reduce_any(matches, axis=1), place, tf.constant(-1, tf.int64))
