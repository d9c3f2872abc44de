from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from pipelines import reading


def test_rows_that_differ_in_a_later_value_of_a_feature_have_one_order() -> None:
    rows = np.array([[1, 2, 3], [1, 2, 1], [0, 9, 9], [1, 0, 3]])

    def read(rows: np.ndarray) -> reading.Examples:
        batches = tf.data.Dataset.from_tensors(({"words": rows}, np.zeros((len(rows), 1))))
        accessor = SimpleNamespace(tf_dataset_factory=lambda files, options, schema: batches)
        transform = SimpleNamespace(transformed_metadata=SimpleNamespace(schema=None))
        return reading.read([], accessor, transform, "label")

    one, two = read(rows), read(rows[::-1])
    assert np.array_equal(one.columns["words"], two.columns["words"])
    assert sorted(one.columns["words"].tolist()) == sorted(rows.tolist())
