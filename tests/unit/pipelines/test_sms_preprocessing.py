import re

import pytest
import tensorflow as tf

from pipelines.sms import features
from pipelines.sms.model import build_model
from pipelines.sms.preprocessing import tokenize


def words(text: str) -> list[str]:
    return [word.decode() for word in tokenize(tf.constant([text])).to_list()[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, WORLD!", ["hello", "world"]),
        ("Don't 'quote' it's", ["don't", "quote", "it's"]),
        ("Win £1,000 now", ["win", "money", "9", "999", "now"]),
        ("Call 08712460324", ["call", "99999999999"]),
        ("see www.example.com/a?b=1 or https://example.com", ["see", "weblink", "or", "weblink"]),
        ("ÜBER caf\u00e9", ["ber", "caf"]),
        ("...", []),
        ("", []),
    ],
)
def test_a_text_is_cleaned_and_split_into_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_words_counted_outside_of_transform_are_those_of_a_plain_text() -> None:
    text = "Don't be late, it's your mother's birthday"
    assert re.findall(features.WORD, text.lower()) == words(text)


def test_the_network_has_layers_of_ten_and_of_one() -> None:
    model = build_model(indices=5, learning_rate=0.01)
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [10, 1]
    inputs = {
        features.WORDS: tf.zeros([2, features.MOST_WORDS], tf.int64),
        features.LENGTH: tf.zeros([2, 1]),
    }
    assert model(inputs).shape == (2, 1)
