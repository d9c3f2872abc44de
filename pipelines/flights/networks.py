"""The networks to choose from; each maps transformed features to the probability of being late."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import numpy as np

from pipelines.flights import features

EMBEDDING = 6

Builder = Callable[[Mapping[str, int], float], keras.Model]


def logistic(sizes: Mapping[str, int], bias: float) -> keras.Model:
    """Logistic regression on what ``small`` sees: the scaled numbers and one-hot categories."""
    inputs = _inputs(sizes)
    return keras.Model(inputs, _probability(_numbers_and_one_hot(inputs, sizes), bias))


def small(sizes: Mapping[str, int], bias: float) -> keras.Model:
    """Dense(10) and Dense(1) on the scaled numbers and one-hot categories: the baseline."""
    inputs = _inputs(sizes)
    hidden = keras.layers.Dense(10, activation="relu")(_numbers_and_one_hot(inputs, sizes))
    return keras.Model(inputs, _probability(hidden, bias))


def wide_and_deep(sizes: Mapping[str, int], bias: float) -> keras.Model:
    """A weight for each category, bucket and pair, beside two layers on embeddings of them.

    All of them share one table, each feature with rows of its own: one look-up in place of twenty.
    """
    inputs = _inputs(sizes)
    numbers = [inputs[features.transformed(name)] for name in features.SCALED]
    table = sum(sizes.values())
    first_rows = np.cumsum([0, *sizes.values()])[:-1]
    own = keras.layers.concatenate([inputs[features.transformed(name)] for name in sizes])
    rows = own + first_rows
    weights = keras.layers.Embedding(table, 1, embeddings_initializer="zeros")(rows)
    wide = keras.ops.sum(weights, axis=1)
    embedded = keras.layers.Embedding(table, EMBEDDING)(rows)
    hidden = keras.layers.concatenate([*numbers, keras.layers.Flatten()(embedded)])
    for units in (64, 32):
        hidden = keras.layers.Dense(units, activation="relu")(hidden)
        hidden = keras.layers.Dropout(0.2)(hidden)
    return keras.Model(inputs, _probability(hidden, bias, wide))


NETWORKS: dict[str, Builder] = {
    "wide_and_deep": wide_and_deep,
    "small": small,
    "logistic": logistic,
}
"""By the name that the run parameter ``network`` takes; the first is the default."""


def _inputs(sizes: Mapping[str, int]) -> dict[str, keras.KerasTensor]:
    numbers = dict.fromkeys(features.SCALED, "float32")
    dtypes = {**numbers, **dict.fromkeys(sizes, "int64")}
    return {
        features.transformed(name): keras.Input((1,), name=features.transformed(name), dtype=dtype)
        for name, dtype in dtypes.items()
    }


def _numbers_and_one_hot(
    inputs: Mapping[str, keras.KerasTensor], sizes: Mapping[str, int]
) -> keras.KerasTensor:
    columns = [inputs[features.transformed(name)] for name in features.SCALED]
    for name in (*features.CATEGORICAL, *features.CALENDAR):
        one_hot = keras.layers.CategoryEncoding(num_tokens=sizes[name], output_mode="one_hot")
        columns.append(one_hot(inputs[features.transformed(name)]))
    return keras.layers.concatenate(columns)


def _probability(
    hidden: keras.KerasTensor, bias: float, wide: keras.KerasTensor | None = None
) -> keras.KerasTensor:
    initial = keras.initializers.Constant(bias)
    logit = keras.layers.Dense(1, bias_initializer=initial)(hidden)
    if wide is not None:
        logit = logit + wide
    return keras.layers.Activation("sigmoid")(logit)
