"""Trainer's input: transformed examples in an order of their own, as tf.data serves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tfx import v1 as tfx
from tfx_bsl.public import tfxio

from pipelines.flights import features

_READ_AT_ONCE = 8192


@dataclass(frozen=True)
class Examples:
    """One split: a column of shape [rows, 1] for each feature, and the labels, [rows, 1]."""

    columns: dict[str, np.ndarray]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def read(
    files: list[str], accessor: tfx.components.DataAccessor, transform: tft.TFTransformOutput
) -> Examples:
    """Read a split into memory (200 bytes a flight), in an order that depends on its rows alone.

    Beam writes the rows in an order that changes with each run, and so would the trained model.

    Raises:
        ValueError: there are no rows.
    """
    options = tfxio.TensorFlowDatasetOptions(
        batch_size=_READ_AT_ONCE,
        label_key=features.transformed(features.LABEL),
        shuffle=False,
        num_epochs=1,
    )
    schema = transform.transformed_metadata.schema
    batches = list(accessor.tf_dataset_factory(files, options, schema).as_numpy_iterator())
    if not batches:
        raise ValueError("there is nothing to train on or to evaluate with: a split has no rows")
    labels = np.concatenate([label for _, label in batches])
    columns = {
        name: np.concatenate([batch[name] for batch, _ in batches]) for name in batches[0][0]
    }
    order = np.lexsort([labels[:, 0], *(columns[name][:, 0] for name in sorted(columns))])
    return Examples({name: column[order] for name, column in columns.items()}, labels[order])


def dataset(examples: Examples, batch_size: int, seed: int | None = None) -> tf.data.Dataset:
    """Batches of features and labels; with a seed, in another random order in each epoch.

    Row numbers are shuffled and batched, and each batch is gathered at once: a tenth of the work
    of shuffling rows of twenty columns.
    """
    columns = {name: tf.constant(column) for name, column in examples.columns.items()}
    labels = tf.constant(examples.labels)
    rows = tf.data.Dataset.range(len(examples))
    if seed is not None:
        rows = rows.shuffle(len(examples), seed=seed)
    batches = rows.batch(batch_size).map(
        lambda rows: (
            {name: tf.gather(column, rows) for name, column in columns.items()},
            tf.gather(labels, rows),
        ),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    return batches.prefetch(tf.data.AUTOTUNE)
