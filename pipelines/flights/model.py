"""Trainer: fits the chosen network, and exports it with what serving and Evaluator call."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tfx import v1 as tfx

from pipelines import reading
from pipelines.flights import features, warm_start, yardsticks
from pipelines.flights.networks import NETWORKS
from pipelines.flights.yardsticks import Yardsticks

SEED = 2013
BATCH_SIZE = 512
STEPS_AT_ONCE = 16
"""Steps that one call of TensorFlow runs: a twelfth less CPU time, and the same model."""

OUTPUT = "model"
"""The name of the model's probability among what Evaluator judges."""
YARDSTICKS = ("base_rate", "carrier_and_hour")
"""The names of the trivial predictions there."""


def run_fn(fn_args: tfx.components.FnArgs) -> None:
    """Train on the transformed examples and export to ``fn_args.serving_model_dir``."""
    keras.utils.set_random_seed(SEED)
    chosen = fn_args.hyperparameters
    transform = tft.TFTransformOutput(fn_args.transform_output)
    label = features.transformed(features.LABEL)
    train = reading.read(fn_args.train_files, fn_args.data_accessor, transform, label)
    held_out = reading.read(fn_args.eval_files, fn_args.data_accessor, transform, label)
    sizes = index_sizes(transform)
    trivial = yardsticks.measure(train, sizes["carrier"])

    model = NETWORKS[chosen["network"]](sizes, _log_odds(trivial.base_rate))
    layout = warm_start.Layout(chosen["network"], sizes, _terms(transform))
    if fn_args.base_model:
        print(warm_start.begin_with(model, layout, fn_args.base_model))
    batches = -(-len(train) // BATCH_SIZE)
    schedule = keras.optimizers.schedules.CosineDecay(
        chosen["learning_rate"], chosen["epochs"] * batches
    )
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="binary_crossentropy",
        metrics=[keras.metrics.AUC(name="auc")],
        steps_per_execution=STEPS_AT_ONCE,
    )
    model.fit(
        reading.dataset(train, BATCH_SIZE, SEED),
        epochs=chosen["epochs"],
        # Only shown: nothing is chosen by it, or Evaluator's figures would be too good.
        validation_data=reading.dataset(held_out, 8 * BATCH_SIZE),
        verbose=2,
    )
    _export(model, trivial, transform, fn_args.serving_model_dir)
    warm_start.save(model, layout, fn_args.serving_model_dir)


def index_sizes(transform: tft.TFTransformOutput) -> dict[str, int]:
    """How many values each indexed feature has, by its name."""
    return {
        # One more for what was never seen.
        **{name: transform.vocabulary_size_by_name(name) + 1 for name in features.CATEGORICAL},
        **features.CALENDAR,
        **dict.fromkeys(features.BUCKETED, features.BUCKETS + 1),
        **{features.crossed(pair): buckets for pair, buckets in features.CROSSES.items()},
    }


def _terms(transform: tft.TFTransformOutput) -> dict[str, list[str]]:
    return {
        name: [term.decode() for term in transform.vocabulary_by_name(name)]
        for name in features.CATEGORICAL
    }


def _log_odds(rate: float) -> float:
    rate = min(max(rate, 1e-3), 1 - 1e-3)
    return float(np.log(rate / (1 - rate)))


def _export(
    model: keras.Model, trivial: Yardsticks, transform: tft.TFTransformOutput, directory: str
) -> None:
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.transform_layer = transform.transform_features_layer()
    archive.track(archive.transform_layer)
    rates = tf.constant(trivial.carrier_and_hour)
    raw_spec = transform.raw_feature_spec()
    known = {name: raw_spec[name] for name in features.USED}
    examples = [tf.TensorSpec([None], tf.string, name="examples")]

    def features_of(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return archive.transform_layer(tf.io.parse_example(serialized, known))

    def probability(transformed: dict[str, tf.Tensor]) -> tf.Tensor:
        return model({name: transformed[name] for name in model.input})[:, 0]

    @tf.function(input_signature=examples)
    def serve(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        """Raw tf.Examples of what is known before departure, to the probability of being late."""
        return {"late_probability": probability(features_of(serialized))}

    @tf.function(input_signature=examples)
    def evaluate(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        """Raw tf.Examples, to the model's probability and the yardsticks, as metrics take them."""
        transformed = features_of(serialized)
        late = probability(transformed)
        carrier, hour = (transformed[features.transformed(name)] for name in ("carrier", "hour"))
        by_carrier_and_hour = tf.gather_nd(rates, tf.concat([carrier, hour], axis=1))
        return {
            OUTPUT: late,
            "base_rate": tf.fill(tf.shape(late), trivial.base_rate),
            "carrier_and_hour": by_carrier_and_hour,
        }

    archive.add_endpoint("serving_default", serve)
    archive.add_endpoint("evaluate", evaluate)
    archive.write_out(directory, verbose=False)
