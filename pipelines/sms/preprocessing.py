"""Transform: texts cleaned, split into words, and words indexed by a vocabulary."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from pipelines.sms import features

_CLEANING = (
    (r"(?:https?://|www\.)\S+", " weblink "),
    (r"[£$€]", " money "),
    # How long a number is says more than which it is: few are met twice.
    (r"[0-9]", "9"),
    (r"[^a-z0-9']+", " "),
    (r"(^| )'+|'+( |$)", " "),
)
"""What becomes what, in this order, in a text in small letters."""


def preprocessing_fn(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Return the words' indices, the number of words, and the label as a number."""
    words = tokenize(tf.squeeze(_dense(inputs[features.TEXT]), axis=1))
    indices = tft.compute_and_apply_vocabulary(
        words,
        top_k=features.VOCABULARY_SIZE,
        num_oov_buckets=1,
        vocab_filename=features.VOCABULARY,
    )
    # 0 stands behind the last word, so that every row is as long.
    rows = (indices + 1).to_tensor(shape=[None, features.MOST_WORDS])
    length = tf.cast(words.row_lengths(), tf.float32)[:, tf.newaxis]
    label = _dense(inputs[features.LABEL])
    return {
        features.WORDS: rows,
        features.LENGTH: tft.scale_to_z_score(tf.math.log1p(length)),
        features.transformed(features.LABEL): tf.cast(label == features.SPAM, tf.int64),
    }


def tokenize(texts: tf.Tensor) -> tf.RaggedTensor:
    """The cleaned words of each text."""
    cleaned = tf.strings.lower(texts, encoding="utf-8")
    for pattern, replacement in _CLEANING:
        cleaned = tf.strings.regex_replace(cleaned, pattern, replacement)
    return tf.strings.split(cleaned)


def _dense(column: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """A column of shape [batch, 1]; a missing text is an empty one."""
    if not isinstance(column, tf.SparseTensor):
        return column
    shaped = tf.SparseTensor(column.indices, column.values, [column.dense_shape[0], 1])
    return tf.sparse.to_dense(shaped, default_value="")
