import pytest
import tensorflow as tf
import tensorflow_transform as tft

from headrace.errors import UsageError
from headrace.testing import Skew

ROWS = [
    {"x": 1.0, "word": "a", "several": [1, 2], "gap": None, "label": 0},
    {"x": 3.0, "word": "b", "several": [3], "gap": 5.0, "label": 1},
]


def preprocessing_fn(inputs, custom_config):
    return {
        "scaled": tft.scale_to_z_score(inputs["x"]),
        "centred": (inputs["x"] - tf.reduce_mean(inputs["x"])) * custom_config["by"],
        "index": tft.compute_and_apply_vocabulary(inputs["word"], vocab_filename="words"),
        "several": inputs["several"],
        "gap": inputs["gap"],
        "label": inputs["label"],
    }


def test_rows_are_preprocessed_as_by_transform_and_as_by_a_server(preprocess) -> None:
    config = {"by": 2.0}
    made = preprocess(preprocessing_fn, ROWS, not_served=["label"], custom_config=config)
    assert made.batch["scaled"].tolist() == [-1.0, 1.0]
    assert made.batch["several"].tolist() == [[1, 2], 3]
    assert made.batch["gap"].tolist() == [None, 5.0]
    assert made.batch["label"].tolist() == [0, 1]
    assert list(made.serving) == ["centred", "gap", "index", "scaled", "several"]
    looked_across = [Skew("centred", 0, -2.0, 0.0), Skew("centred", 1, 2.0, 0.0)]
    assert made.skew() == looked_across
    assert made.transform.vocabulary_size_by_name("words") == 2
    assert set(made.transform.raw_feature_spec()) == set(ROWS[0])
    assert set(made.transform.transformed_feature_spec()) == set(made.batch)


def test_a_column_that_the_schema_does_not_have_is_named(preprocess) -> None:
    with pytest.raises(UsageError, match="column 'gap' is not in the schema"):
        preprocess(preprocessing_fn, ROWS, {"x": float})
    with pytest.raises(UsageError, match="no rows"):
        preprocess(preprocessing_fn, [])
