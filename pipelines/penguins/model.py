"""Trainer: a small Keras network, exported with the signatures that serving and Evaluator call."""

from __future__ import annotations

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tfx import v1 as tfx

from pipelines import reading
from pipelines.penguins import features

SEED = 20130
BATCH_SIZE = 32


def run_fn(fn_args: tfx.components.FnArgs) -> None:
    """Train on the transformed examples and export to ``fn_args.serving_model_dir``."""
    keras.utils.set_random_seed(SEED)
    chosen = fn_args.hyperparameters
    chosen = chosen.get("values", chosen)  # where Tuner keeps them
    transform = tft.TFTransformOutput(fn_args.transform_output)
    model = build_model(transform, chosen["learning_rate"])
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


def build_model(transform: tft.TFTransformOutput, learning_rate: float) -> keras.Model:
    """Return the compiled network; it maps transformed features to species probabilities."""
    inputs = {}
    columns = []
    for name in features.NUMERIC:
        key = features.transformed(name)
        inputs[key] = keras.Input((1,), name=key)
        columns.append(inputs[key])
    for name in features.CATEGORICAL:
        key = features.transformed(name)
        size = transform.vocabulary_size_by_name(name) + 1  # one more for what was never seen
        inputs[key] = keras.Input((1,), name=key, dtype="int64")
        one_hot = keras.layers.CategoryEncoding(num_tokens=size, output_mode="one_hot")
        columns.append(one_hot(inputs[key]))
    hidden = keras.layers.Dense(16, activation="relu")(keras.layers.concatenate(columns))
    outputs = keras.layers.Dense(features.SPECIES_COUNT, activation="softmax")(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["sparse_categorical_accuracy"],
    )
    return model


def _export(model: keras.Model, transform: tft.TFTransformOutput, directory: str) -> None:
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.transform_layer = transform.transform_features_layer()
    archive.track(archive.transform_layer)
    species = tf.constant(transform.vocabulary_by_name(features.LABEL))
    raw_spec = transform.raw_feature_spec()
    unlabelled = {name: spec for name, spec in raw_spec.items() if name != features.LABEL}
    examples = [tf.TensorSpec([None], tf.string, name="examples")]

    @tf.function(input_signature=examples)
    def serve(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        """Raw tf.Examples without a label, to species and probabilities."""
        raw = tf.io.parse_example(serialized, unlabelled)
        transformed = archive.transform_layer(raw)
        probabilities = model({name: transformed[name] for name in model.input})
        return {
            "species": tf.gather(species, tf.argmax(probabilities, axis=1)),
            "probabilities": probabilities,
        }

    @tf.function(input_signature=examples)
    def transform_features(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        """Raw tf.Examples with their label, to transformed features: Evaluator's preprocessing."""
        return archive.transform_layer(tf.io.parse_example(serialized, raw_spec))

    @tf.function(input_signature=examples)
    def evaluate(serialized: tf.Tensor) -> tf.Tensor:
        """Raw tf.Examples, to probabilities alone, as metrics take them."""
        return serve(serialized)["probabilities"]

    archive.add_endpoint("serving_default", serve)
    archive.add_endpoint("transform_features", transform_features)
    archive.add_endpoint("evaluate", evaluate)
    archive.write_out(directory)
