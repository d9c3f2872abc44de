"""User code in the style of TFX's examples: one module_file for Tuner and Trainer."""

import keras_tuner
import line_base
import tensorflow as tf
from tensorflow import keras
from tfx import v1 as tfx


def _hyperparameters():
    found = keras_tuner.HyperParameters()
    found.Choice("learning_rate", [0.1, 0.001], default=0.1)
    return found


def _model(hyperparameters):
    inputs = keras.layers.Input(shape=(1,), name="x")
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    optimizer = keras.optimizers.SGD(hyperparameters.get("learning_rate"))
    model.compile(optimizer=optimizer, loss="mse", metrics=["mae"])
    return model


def tuner_fn(fn_args):
    tuner = keras_tuner.RandomSearch(
        _model,
        max_trials=2,
        hyperparameters=_hyperparameters(),
        objective=keras_tuner.Objective("val_mae", "min"),
        directory=fn_args.working_dir,
        project_name="line",
    )
    fit = {
        "x": line_base.dataset(fn_args.train_files),
        "validation_data": line_base.dataset(fn_args.eval_files),
        "steps_per_epoch": fn_args.train_steps,
        "validation_steps": fn_args.eval_steps,
        "verbose": 0,
    }
    return tfx.components.TunerFnResult(tuner=tuner, fit_kwargs=fit)


def run_fn(fn_args):
    model = _model(keras_tuner.HyperParameters.from_config(fn_args.hyperparameters))
    model.fit(
        line_base.dataset(fn_args.train_files), steps_per_epoch=fn_args.train_steps, verbose=0
    )

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples):
        features = tf.io.parse_example(examples, {"x": line_base.SPEC["x"]})
        return {"outputs": model(features["x"])}

    tf.saved_model.save(model, fn_args.serving_model_dir, signatures={"serving_default": serve})
