"""Transform: missing values filled, numbers scaled, categories indexed."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from pipelines.penguins import features


def preprocessing_fn(inputs: dict[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """Return one dense column for each used feature, and the label's index where there is one."""
    outputs = {}
    for name in features.NUMERIC:
        # z-scores ignore missing values, which then become 0, the mean.
        scaled = tft.scale_to_z_score(tf.cast(inputs[name], tf.float32))
        outputs[features.transformed(name)] = _dense(scaled, 0.0)
    for name in features.CATEGORICAL:
        filled = _dense(inputs[name], features.MISSING_CATEGORY)
        outputs[features.transformed(name)] = tft.compute_and_apply_vocabulary(
            filled, vocab_filename=name, num_oov_buckets=1
        )
    outputs[features.transformed(features.LABEL)] = tft.compute_and_apply_vocabulary(
        _dense(inputs[features.LABEL], ""), vocab_filename=features.LABEL
    )
    return outputs


def _dense(column: tf.SparseTensor, default: float | str) -> tf.Tensor:
    """A column of shape [batch, 1] with ``default`` for missing values."""
    if not isinstance(column, tf.SparseTensor):
        return column
    shaped = tf.SparseTensor(column.indices, column.values, [column.dense_shape[0], 1])
    return tf.sparse.to_dense(shaped, default_value=default)
