"""Trainer's input: transformed examples in an order of their own, as tf.data serves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tfx import v1 as tfx
from tfx_bsl.public import tfxio

_READ_AT_ONCE = 8192
_NOISE = 1e-5
"""Numbers this near to each other are one: the same distance comes out of TensorFlow's vectorised
log1p with other last bits at the end of a batch, and batches change with each run."""


@dataclass(frozen=True)
class Examples:
    """One split: a column of shape [rows, values] for each feature, and the labels, [rows, 1]."""

    columns: dict[str, np.ndarray]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def read(
    files: list[str],
    accessor: tfx.components.DataAccessor,
    transform: tft.TFTransformOutput,
    label: str,
) -> Examples:
    """Read a transformed split into memory, in an order that depends on its rows alone.

    Beam writes the rows in an order that changes with each run, and so would the trained model.

    Args:
        label: name of the transformed feature that is the label.

    Raises:
        ValueError: there are no rows.
    """
    options = tfxio.TensorFlowDatasetOptions(
        batch_size=_READ_AT_ONCE,
        label_key=label,
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
    keys = (value for name in sorted(columns) for value in columns[name].T)
    order = np.lexsort([labels[:, 0], *map(_levels, keys)])
    return Examples({name: column[order] for name, column in columns.items()}, labels[order])


def _levels(column: np.ndarray) -> np.ndarray:
    """The column to sort by: numbers as ranks, which those that differ by noise alone share."""
    if column.dtype.kind != "f":
        return column
    order = np.argsort(column, kind="stable")
    levels = np.empty(len(column), np.int64)
    levels[order] = np.cumsum(np.diff(column[order], prepend=column[order[:1]]) > _NOISE)
    return levels


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
