import pandas as pd
import pytest
import tensorflow_model_analysis as tfma
from tfx import v1 as tfx
from tfx.types import standard_artifacts

from headrace.errors import UsageError
from headrace.testing import (
    anomalies,
    blessing,
    metrics,
    predictions,
    schema_of,
    statistics_frame,
)

ROWS = [{"x": 1.0, "word": "a"}, {"x": 2.0, "word": None}, {"x": 3.0, "word": "c"}]


def test_statistics_and_anomalies_are_told_by_feature(component, examples, schema) -> None:
    rows = examples(train=ROWS, eval=ROWS[:1])
    statistics = component(tfx.components.StatisticsGen, examples=rows)["statistics"]
    found = statistics_frame(statistics, "train")
    assert found.loc["x", ["type", "mean", "max", "missing"]].tolist() == ["FLOAT", 2.0, 3.0, 0]
    assert found.loc["word", ["unique", "count", "missing"]].tolist() == [2, 2, 1]
    with pytest.raises(UsageError, match="not one split but: train, eval"):
        statistics_frame(statistics)
    fields = ({"x": float, "word": str | None}, {"x": float, "word": ["a", "b"]})
    good, bad = (
        component(tfx.components.ExampleValidator, statistics=statistics, schema=schema(one))
        for one in fields
    )
    assert anomalies(good["anomalies"]) == {}
    assert list(anomalies(bad["anomalies"])) == ["word"]
    assert anomalies(bad["anomalies"], "eval") == {}
    made = component(tfx.components.SchemaGen, statistics=statistics)["schema"]
    assert {feature.name for feature in schema_of(made).feature} == {"x", "word"}


def test_a_model_answers_rows(model) -> None:
    doubled = model(
        lambda features: {"y": features["x"] * 2, "w": features["w"]}, {"x": float, "w": str}
    )
    expected = pd.DataFrame({"w": ["a", "b"], "y": [2.0, 6.0]})
    given = [{"x": 1.0, "w": "a"}, {"x": 3.0, "w": "b"}]
    pd.testing.assert_frame_equal(predictions(doubled, given)[["w", "y"]], expected)


def test_a_verdict_has_its_reasons_and_its_figures(component, examples, model) -> None:
    bound = tfma.GenericValueThreshold(upper_bound={"value": 0.1})
    error = tfma.MetricConfig(
        class_name="MeanSquaredError", threshold=tfma.MetricThreshold(value_threshold=bound)
    )
    config = tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(label_key="x")],
        slicing_specs=[tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=["word"])],
        metrics_specs=[tfma.MetricsSpec(metrics=[error])],
    )
    judged = component(
        tfx.components.Evaluator,
        examples=examples(ROWS),
        model=model(lambda features: features["x"] + 1, {"x": float}),
        example_splits=["train"],
        eval_config=config,
    )
    assert metrics(judged["evaluation"]) == {"mean_squared_error": 1.0}
    assert metrics(judged["evaluation"], "word = a") == {"mean_squared_error": 1.0}
    found = blessing(judged["blessing"], judged["evaluation"])
    assert not found
    assert "missed: mean_squared_error is 1; the threshold is at most 0.1" in found.reasons
    with pytest.raises(UsageError, match="no slice 'word = z'"):
        metrics(judged["evaluation"], "word = z")


def test_a_verdict_of_a_gate_is_read_from_its_property(artifact) -> None:
    good = artifact(standard_artifacts.ModelBlessing, blessed=1)
    bad = artifact(standard_artifacts.InfraBlessing, {"INFRA_NOT_BLESSED": ""}, reason="no memory")
    assert blessing(good)
    assert not blessing(bad)
    assert blessing(bad).reasons == ("no memory",)
    with pytest.raises(UsageError, match="says nothing of a blessing"):
        blessing(artifact(standard_artifacts.ModelBlessing))
