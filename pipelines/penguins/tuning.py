"""Tuner: which learning rate and how many epochs, on a part of the training split alone."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np
import tensorflow_transform as tft
from tfx import v1 as tfx

from pipelines import reading
from pipelines.penguins import features
from pipelines.penguins.model import BATCH_SIZE, SEED, build_model
from pipelines.reading import Examples

LEARNING_RATES = [0.003, 0.01, 0.03]
EPOCHS = [20, 40]
SET_ASIDE = 0.25
"""The share of the training split that trials are compared on: the split eval judges later, and a
choice by it would make its figures too good."""


def tuner_fn(fn_args: tfx.components.FnArgs) -> tfx.components.TunerFnResult:
    """Return the search, of as many trials as ``custom_config`` says."""
    keras.utils.set_random_seed(SEED)
    transform = tft.TFTransformOutput(fn_args.transform_graph_path)
    label = features.transformed(features.LABEL)
    train, aside = _split(
        reading.read(fn_args.train_files, fn_args.data_accessor, transform, label)
    )
    tuner = keras_tuner.RandomSearch(
        _Network(transform),
        objective="val_loss",
        max_trials=fn_args.custom_config["trials"],
        seed=SEED,
        directory=fn_args.working_dir,
        project_name="penguins",
    )
    fit = {
        "x": reading.dataset(train, BATCH_SIZE, SEED),
        "validation_data": reading.dataset(aside, BATCH_SIZE),
        "verbose": 0,
    }
    return tfx.components.TunerFnResult(tuner=tuner, fit_kwargs=fit)


class _Network(keras_tuner.HyperModel):
    def __init__(self, transform: tft.TFTransformOutput) -> None:
        super().__init__(name="penguins")
        self._transform = transform

    def build(self, chosen: keras_tuner.HyperParameters) -> keras.Model:
        chosen.Choice("epochs", EPOCHS)
        return build_model(self._transform, chosen.Choice("learning_rate", LEARNING_RATES))

    def fit(self, chosen: keras_tuner.HyperParameters, model: keras.Model, **given: Any) -> Any:
        return model.fit(**{**given, "epochs": chosen.get("epochs")})


def _split(examples: Examples) -> tuple[Examples, Examples]:
    rows = np.random.default_rng(SEED).permutation(len(examples))
    aside = round(len(rows) * SET_ASIDE)
    return _take(examples, rows[aside:]), _take(examples, rows[:aside])


def _take(examples: Examples, rows: np.ndarray) -> Examples:
    columns = {name: column[rows] for name, column in examples.columns.items()}
    return Examples(columns, examples.labels[rows])
