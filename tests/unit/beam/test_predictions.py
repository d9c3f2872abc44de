"""What a metric is given of an example is what TFMA gives it, for every kind of example."""

import pickle

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorflow_model_analysis import version
from tensorflow_model_analysis.api import types
from tensorflow_model_analysis.api.model_eval_lib import analyze_raw_data
from tensorflow_model_analysis.metrics import binary_confusion_matrices, metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2

from headrace.beam import predictions
from headrace.beam.predictions import Preparing, prepare_predictions_quickly

KEPT_BEFORE = metric_util.to_label_prediction_example_weight
prepare_predictions_quickly()
QUICK = metric_util.to_label_prediction_example_weight
STOCK = metric_util._prepare_quickly._stock


def outcome(function, inputs, arguments):
    """All that a caller can see: values, types, shapes, whose memory they are, what is raised."""
    results = []
    try:
        for three in function(inputs, **arguments):
            results.append(
                [
                    (repr(each.tolist()), each.dtype, each.shape, type(each), owner(each, inputs))
                    for each in three
                ]
            )
    except Exception as raised:
        results.append((type(raised), str(raised)))
    return results


def owner(array, inputs):
    """Where in the inputs this array's memory is, as somebody may write to it."""
    found = []

    def look(value, path):
        if isinstance(value, dict):
            for key, below in value.items():
                look(below, (*path, key))
        elif isinstance(value, np.ndarray) and np.shares_memory(value, array):
            found.append(path)

    look(inputs.extracts, ())
    return found


def same(extracts, **arguments):
    inputs = metric_types.StandardMetricInputs(extracts)
    expected = outcome(STOCK, inputs, arguments)
    assert outcome(QUICK, inputs, arguments) == expected
    return expected


def answered_without_tfma(monkeypatch, extracts, **arguments):
    """The same, where TFMA's own function must not be asked."""
    expected = same(extracts, **arguments)
    asked = []
    monkeypatch.setattr(metric_util._prepare_quickly, "_stock", lambda *_: asked.append(_))
    outcome(QUICK, metric_types.StandardMetricInputs(extracts), arguments)
    assert not asked
    return expected


def numbers(*values, dtype=np.float32):
    return np.array(values, dtype)


TWO_MODELS = config_pb2.EvalConfig(
    model_specs=[
        config_pb2.ModelSpec(name="candidate", label_key="late"),
        config_pb2.ModelSpec(name="baseline", label_key="late", is_baseline=True),
    ]
)
ONE_MODEL = config_pb2.EvalConfig(
    model_specs=[config_pb2.ModelSpec(label_key="late", prediction_key="p")]
)

ARRAYS = st.one_of(
    st.builds(
        lambda values, shape, dtype: np.resize(np.array(values, dtype), shape),
        st.lists(st.sampled_from([0, 1, 0.25, -1, 2]), min_size=1, max_size=3),
        st.sampled_from([(), (1,), (1, 1), (3,), (1, 3), (2, 1), (0,)]),
        st.sampled_from([np.float32, np.float64, np.int64, np.int8, np.bool_, np.longdouble]),
    ),
    st.sampled_from(
        [
            numbers(float("nan")),
            numbers(-0.0),
            numbers(float("inf"), dtype=np.float64),
            np.array([b"AA"]),
            np.array(["AA"], object),
            [1.0],
            [0.5, 0.5],
            1,
            None,
            types.SparseTensorValue(
                values=np.array([1]), indices=np.array([[0]]), dense_shape=np.array([1])
            ),
        ]
    ),
)
NAMES = st.sampled_from(["late", "candidate", "baseline", "one", "two", "p", "probabilities"])
NESTED = st.one_of(
    ARRAYS,
    st.dictionaries(NAMES | st.just("one/two"), ARRAYS, max_size=3),
    st.dictionaries(NAMES, st.dictionaries(NAMES, ARRAYS, max_size=3), max_size=2),
)
EXTRACTS = st.fixed_dictionaries(
    {"labels": NESTED, "predictions": NESTED},
    optional={
        "example_weights": NESTED,
        "features": st.just({}),
        "example_weight": ARRAYS,
        "label": ARRAYS,
    },
)
FLAGS = ("example_weighted", "fractional_labels", "flatten", "squeeze", "allow_none")
ARGUMENTS = st.fixed_dictionaries(
    dict.fromkeys(FLAGS, st.booleans()),
    optional={
        "require_single_example_weight": st.booleans(),
        "eval_config": st.sampled_from([None, ONE_MODEL, TWO_MODELS]),
        "model_name": st.sampled_from(["", "candidate", "baseline"]),
        "output_name": st.sampled_from(["", "one", "two"]),
        "sub_key": st.sampled_from(
            [None, metric_types.SubKey(class_id=0), metric_types.SubKey(top_k=1)]
        ),
        "class_weights": st.sampled_from([None, {}, {0: 0.5}]),
    },
)


@given(EXTRACTS, ARGUMENTS)
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_example_is(extracts, arguments) -> None:
    with np.errstate(all="ignore"):
        same(extracts, **arguments)


@given(
    st.fixed_dictionaries(
        {
            "labels": st.sampled_from([numbers(0), numbers(1, dtype=np.int64), numbers(0.25), [1]]),
            "predictions": st.sampled_from([numbers(0.25), numbers(0.25, 0.75), numbers([0.25])]),
            "example_weights": st.sampled_from(
                [None, numbers(2), numbers(0), np.array(3), numbers(1, 2), numbers(np.nan)]
            ),
        }
    ),
    st.fixed_dictionaries(dict.fromkeys(FLAGS, st.booleans())),
)
@settings(max_examples=500, deadline=None)
def test_a_plain_example(extracts, flags) -> None:
    same(extracts, **flags)


@pytest.mark.parametrize("fractional_labels", [True, False])
@pytest.mark.parametrize("model_name", ["candidate", "baseline"])
def test_two_models_of_two_outputs(monkeypatch, model_name, fractional_labels) -> None:
    [(label, prediction, weight)] = answered_without_tfma(
        monkeypatch,
        {
            "labels": {"candidate": numbers(1), "baseline": numbers(0)},
            "predictions": {
                name: {"one": numbers(share), "two": numbers(share / 2)}
                for name, share in (("candidate", 0.5), ("baseline", 0.25))
            },
            "example_weights": None,
        },
        eval_config=TWO_MODELS,
        model_name=model_name,
        output_name="two",
        fractional_labels=fractional_labels,
    )
    first = model_name == "candidate"
    assert label[0] == repr([1.0 if first else 0.0])
    assert prediction[0] == repr([0.25 if first else 0.125])
    assert weight[1] == np.float64


def test_several_classes_are_answered_whole(monkeypatch) -> None:
    answered_without_tfma(
        monkeypatch,
        {"labels": numbers(2), "predictions": numbers(0.5, 0.25, 0.25)},
        flatten=False,
    )


def test_the_weight_is_its_callers_own() -> None:
    inputs = metric_types.StandardMetricInputs(
        {"labels": numbers(1), "predictions": numbers(0.5), "example_weights": None}
    )
    for flatten in (True, False):
        [(_, _, first)] = QUICK(inputs, flatten=flatten)
        first += 1
        [(_, _, second)] = QUICK(inputs, flatten=flatten)
        assert second == [1]


def test_the_function_is_the_one_that_metrics_hold() -> None:
    assert QUICK is KEPT_BEFORE
    assert pickle.loads(pickle.dumps(QUICK)) is QUICK
    [held] = [
        default
        for default in binary_confusion_matrices.binary_confusion_matrices.__defaults__
        if callable(default)
    ]
    assert held is QUICK


def test_it_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = metric_util._prepare_quickly
    prepare_predictions_quickly()
    assert metric_util._prepare_quickly is first
    assert isinstance(first, Preparing)


def test_a_version_that_nobody_has_looked_at_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(metric_util, "_prepare_quickly")
    monkeypatch.setattr(version, "VERSION", "9.9.9")
    prepare_predictions_quickly()
    assert not hasattr(metric_util, "_prepare_quickly")


def test_this_version_of_tfma_is_known() -> None:
    assert version.VERSION in predictions._KNOWN


def test_a_whole_evaluation_is_equal_to_the_last_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    rows = 200
    examples = pandas.DataFrame(
        {
            "label": random.integers(0, 2, rows).astype(np.float32),
            "prediction": random.random(rows).astype(np.float32),
            "weight": random.random(rows).astype(np.float32),
            "place": random.choice(["here", "there"], rows),
        }
    )
    names = ("AUC", "BinaryCrossEntropy", "Calibration", "ExampleCount", "BinaryAccuracy")
    config = config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                label_key="label", prediction_key="prediction", example_weight_key="weight"
            )
        ],
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[config_pb2.MetricConfig(class_name=name) for name in names],
                example_weights=config_pb2.ExampleWeightOptions(weighted=weighted),
            )
            for weighted in (True, False)
        ],
        slicing_specs=[config_pb2.SlicingSpec(), config_pb2.SlicingSpec(feature_keys=["place"])],
    )
    asked = []

    def counting(*given):
        asked.append(given)
        return STOCK(*given)

    monkeypatch.setattr(metric_util._prepare_quickly, "_stock", counting)
    ours = analyze_raw_data(examples, config).slicing_metrics
    assert not asked
    monkeypatch.setattr(metric_util, "_prepare_quickly", counting)
    theirs = analyze_raw_data(examples, config).slicing_metrics
    assert len(asked) > 1000
    assert len(ours) == 3
    assert sorted(map(repr, ours)) == sorted(map(repr, theirs))
