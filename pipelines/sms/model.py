"""Trainer: a network of Dense(10) and Dense(1) over the words that are in a message."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx import v1 as tfx

from pipelines import reading
from pipelines.sms import features

SEED = 5572
BATCH_SIZE = 64


def run_fn(fn_args: tfx.components.FnArgs) -> None:
    """Train on the transformed examples and export to ``fn_args.serving_model_dir``."""
    keras.utils.set_random_seed(SEED)
    chosen = fn_args.hyperparameters
    transform = tft.TFTransformOutput(fn_args.transform_output)
    model = build_model(index_size(transform), chosen["learning_rate"])
    label = features.transformed(features.LABEL)
    train, held_out = (
        reading.read(files, fn_args.data_accessor, transform, label)
        for files in (fn_args.train_files, fn_args.eval_files)
    )
    model.fit(
        reading.dataset(train, BATCH_SIZE, SEED),
        epochs=chosen["epochs"],
        validation_data=reading.dataset(held_out, BATCH_SIZE),
        verbose=2,
    )
    _export(model, transform, fn_args.serving_model_dir)


def index_size(transform: tft.TFTransformOutput) -> int:
    """How many indices there are: of words, of unknown words, and of no word."""
    return transform.vocabulary_size_by_name(features.VOCABULARY) + 2


def build_model(indices: int, learning_rate: float) -> keras.Model:
    """Return the compiled network; it maps transformed features to the probability of spam."""
    words = keras.Input((features.MOST_WORDS,), name=features.WORDS, dtype="int64")
    length = keras.Input((1,), name=features.LENGTH)
    present = keras.layers.CategoryEncoding(num_tokens=indices, output_mode="multi_hot")(words)
    seen = keras.layers.concatenate([present, length])
    hidden = keras.layers.Dense(10, activation="relu")(seen)
    outputs = keras.layers.Dense(1, activation="sigmoid")(hidden)
    model = keras.Model({features.WORDS: words, features.LENGTH: length}, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    return model


def _export(model: keras.Model, transform: tft.TFTransformOutput, directory: str) -> None:
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.transform_layer = transform.transform_features_layer()
    archive.track(archive.transform_layer)
    raw_spec = transform.raw_feature_spec()
    unlabelled = {name: spec for name, spec in raw_spec.items() if name != features.LABEL}
    examples = [tf.TensorSpec([None], tf.string, name="examples")]

    @tf.function(input_signature=examples)
    def serve(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        """Raw tf.Examples without a label, to the probability of spam."""
        transformed = archive.transform_layer(tf.io.parse_example(serialized, unlabelled))
        inputs = {name: transformed[name] for name in (features.WORDS, features.LENGTH)}
        return {"score": model(inputs)}

    @tf.function(input_signature=examples)
    def transform_features(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        """Raw tf.Examples with their label, to transformed features: Evaluator's preprocessing."""
        return archive.transform_layer(tf.io.parse_example(serialized, raw_spec))

    @tf.function(input_signature=examples)
    def evaluate(serialized: tf.Tensor) -> tf.Tensor:
        """Raw tf.Examples, to probabilities alone, as metrics take them."""
        return serve(serialized)["score"]

    archive.add_endpoint("serving_default", serve)
    archive.add_endpoint("transform_features", transform_features)
    archive.add_endpoint("evaluate", evaluate)
    archive.write_out(directory)
