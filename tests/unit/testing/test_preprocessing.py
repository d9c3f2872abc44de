import pytest
import tensorflow as tf
import tensorflow_transform as tft

from headrace.errors import UsageError

ROWS = [
    {"x": 1.0, "word": "a", "several": [1, 2], "gap": None, "label": 0},
    {"x": 3.0, "word": "b", "several": [3], "gap": 5.0, "label": 1},
]


def scaled(inputs):
    return {
        "scaled": tft.scale_to_z_score(inputs["x"]),
        "index": tft.compute_and_apply_vocabulary(inputs["word"], vocab_filename="words"),
        "several": inputs["several"],
        "gap": inputs["gap"],
        "label": inputs["label"],
    }


def across_the_batch(inputs, custom_config):
    return {"x": (inputs["x"] - tf.reduce_mean(inputs["x"])) * custom_config["by"]}


def test_a_server_computes_what_transform_does(preprocess) -> None:
    made = preprocess(scaled, ROWS, not_served=["label"])
    assert made.batch["scaled"].tolist() == [-1.0, 1.0]
    assert made.batch["several"].tolist() == [[1, 2], 3]
    assert made.batch["gap"].tolist() == [None, 5.0]
    assert made.batch["label"].tolist() == [0, 1]
    assert list(made.serving) == ["gap", "index", "scaled", "several"]
    assert not made.skew()
    assert made.transform.vocabulary_size_by_name("words") == 2


def test_a_look_across_the_batch_is_skew(preprocess) -> None:
    made = preprocess(
        across_the_batch, [{"x": 1.0}, {"x": 3.0}], {"x": float}, custom_config={"by": 2.0}
    )
    assert [(one.output, one.row, one.batch, one.serving) for one in made.skew()] == [
        ("x", 0, -2.0, 0.0),
        ("x", 1, 2.0, 0.0),
    ]


def test_a_column_that_the_schema_does_not_have_is_named(preprocess) -> None:
    with pytest.raises(UsageError, match="column 'gap' is not in the schema"):
        preprocess(scaled, ROWS, {"x": float})
    with pytest.raises(UsageError, match="no rows"):
        preprocess(scaled, [])
