import pytest
import tensorflow as tf

from headrace.components.text_predictions.scored import (
    Columns,
    Scored,
    Sums,
    scored,
    sums_of,
    words,
)
from headrace.errors import HeadraceError

COLUMNS = Columns("text", "label", "score")


def example(**features: str | float) -> bytes:
    made = tf.train.Example()
    for name, value in features.items():
        if isinstance(value, str):
            made.features.feature[name].bytes_list.value.append(value.encode())
        else:
            made.features.feature[name].float_list.value.append(value)
    return made.SerializeToString()


def test_a_line_has_score_label_and_text_without_breaks_in_it():
    one = scored(example(text="a\tb\nc", label="spam", score=0.25), COLUMNS)
    assert one.line() == "0.250000\tspam\ta b c"


@pytest.mark.parametrize("missing", ["text", "label", "score"])
def test_an_example_without_one_of_the_features_is_refused_by_its_name(missing):
    features = {"text": "a", "label": "ham", "score": 0.5}
    del features[missing]
    with pytest.raises(HeadraceError, match=f"no '{missing}' of one value"):
        scored(example(**features), COLUMNS)


def test_a_score_of_the_threshold_is_positive():
    assert sums_of(Scored("ham", "", 500_000), 0.5) == Sums(1, 1, 500_000)
    assert sums_of(Scored("ham", "", 499_999), 0.5) == Sums(1, 0, 499_999)


def test_a_line_of_sums_has_the_mean_score():
    assert Sums(4, 1, 1_000_002).line("free") == "free\t4\t1\t0.250000"


def test_a_word_counts_once_in_a_text():
    assert words("Free, free! Don't", r"[a-z]+(?:'[a-z]+)*") == ["free", "don't"]
