"""What TFX asks of a preprocessing_fn is answered as TFT does, from fewer traces."""

import pytest
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform import inspect_preprocessing_fn
from tensorflow_transform.beam import analysis_graph_builder, analyzer_cache

from headrace.beam import tracing
from headrace.beam.tracing import Remembering, remember_traces

STOCK_HELPER = inspect_preprocessing_fn.impl_helper
STOCK_BUILD = analysis_graph_builder._build_analysis_graph_for_inspection
KEYS = [analyzer_cache.DatasetKey("one"), analyzer_cache.DatasetKey("two")]
SPECS = {
    "number": tf.TensorSpec([None, 1], tf.float32),
    "text": tf.SparseTensorSpec([None, None], tf.string),
    "plain": tf.TensorSpec([None, 1], tf.int64),
    "unused": tf.TensorSpec([None, 1], tf.int64),
}


@pytest.fixture
def traced() -> list[object]:
    return []


@pytest.fixture
def preprocessing_fn(traced):
    def made(inputs):
        traced.append(sorted(inputs))
        return {
            "scaled": tft.scale_to_z_score(tft.scale_to_0_1(inputs["number"])),
            "index": tft.compute_and_apply_vocabulary(inputs["text"]),
            "plain": inputs["plain"],
        }

    return made


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """TFT as it is, also where nodes ran in this process."""
    monkeypatch.setattr(inspect_preprocessing_fn, "impl_helper", STOCK_HELPER)
    monkeypatch.setattr(analysis_graph_builder, "_build_analysis_graph_for_inspection", STOCK_BUILD)


@pytest.fixture
def remembered(stock) -> None:
    remember_traces()


def as_transform_asks(preprocessing_fn) -> list[object]:
    return [
        tft.get_analyze_input_columns(preprocessing_fn, SPECS),
        tft.get_analyze_input_columns(preprocessing_fn, dict(SPECS), force_tf_compat_v1=False),
        tft.get_transform_input_columns(preprocessing_fn, SPECS),
        analysis_graph_builder.get_analysis_cache_entry_keys(preprocessing_fn, SPECS, KEYS, False),
        analysis_graph_builder.get_analysis_dataset_keys(preprocessing_fn, SPECS, KEYS, {}, False),
    ]


def test_the_answers_are_tfts_from_two_traces(stock, preprocessing_fn, traced, request) -> None:
    expected = as_transform_asks(preprocessing_fn)
    assert len(traced) == 5
    traced.clear()
    request.getfixturevalue("remembered")
    assert as_transform_asks(preprocessing_fn) == expected
    assert len(traced) == 2
    assert as_transform_asks(preprocessing_fn) == expected
    assert len(traced) == 2
    assert expected[0] == ["number", "text"]
    assert len(expected[3]) == 2  # what the first phase computes


def test_another_function_or_other_columns_are_traced(remembered, preprocessing_fn, traced) -> None:
    def other(inputs):
        return {"plain": inputs["plain"]}

    fewer = {name: spec for name, spec in SPECS.items() if name != "unused"}
    assert tft.get_analyze_input_columns(preprocessing_fn, SPECS) == ["number", "text"]
    assert tft.get_analyze_input_columns(other, SPECS) == []
    assert tft.get_analyze_input_columns(preprocessing_fn, fewer) == ["number", "text"]
    assert traced == [sorted(SPECS), sorted(fewer)]


def test_a_function_that_fails_fails_each_time(remembered, traced) -> None:
    def failing(inputs):
        traced.append(inputs)
        raise KeyError("gone")

    for _ in range(2):
        with pytest.raises(KeyError, match="gone"):
            tft.get_analyze_input_columns(failing, SPECS)
    assert len(traced) == 2


def test_an_unknown_version_is_left_alone(stock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tft.__version__ in tracing._KNOWN
    monkeypatch.setattr(tracing, "_KNOWN", ("9.9.9",))
    remember_traces()
    assert inspect_preprocessing_fn.impl_helper is STOCK_HELPER
    assert not isinstance(analysis_graph_builder._build_analysis_graph_for_inspection, Remembering)
