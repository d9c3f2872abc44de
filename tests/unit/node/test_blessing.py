"""What is said of an evaluation, on results as TFMA gives them."""

import json
from types import SimpleNamespace
from typing import Any

import tensorflow_model_analysis as tfma
from google.protobuf import text_format
from tensorflow_model_analysis.proto import validation_result_pb2
from tfx import v1 as tfx

from headrace.launcher.jobs import ArtifactResult
from headrace.node.blessing import evaluation_of, findings

CONFIG = """
model_specs { name: "candidate" }
model_specs { name: "baseline" is_baseline: true }
metrics_specs {
  metrics {
    class_name: "AUC"
    threshold {
      value_threshold { lower_bound { value: 0.7 } }
      change_threshold { direction: HIGHER_IS_BETTER absolute { value: -0.01 } }
    }
  }
  model_names: ["candidate", "baseline"]
}
"""
FAILURES = """
metric_validations_per_slice {
  slice_key { single_slice_keys { column: "sex" bytes_value: "female" } }
  failures { metric_key { name: "auc" is_diff: true } }
}
"""


def result(config: str = CONFIG, **slices: tuple[float, float]) -> Any:
    metrics = [
        (
            () if name == "overall" else (("sex", name),),
            {"": {"": {"auc": {"doubleValue": value}, "auc_diff": {"doubleValue": change}}}},
        )
        for name, (value, change) in slices.items()
    ]
    return SimpleNamespace(
        slicing_metrics=metrics, config=text_format.Parse(config, tfma.EvalConfig())
    )


def validation(text: str) -> Any:
    return text_format.Parse(text, validation_result_pb2.ValidationResult())


def test_each_threshold_is_told_by_slice_with_value_and_change() -> None:
    found = findings(result(overall=(0.75, 0.01), female=(0.71, -0.05)), validation(FAILURES))
    assert [(item.met, item.text) for item in found] == [
        (True, "auc is 0.75; the threshold is at least 0.7"),
        (
            True,
            "auc is 0.75, a change by +0.01 from the baseline's 0.74; "
            "the threshold is a change by at least -0.01",
        ),
        (True, "auc is 0.71 where sex = female; the threshold is at least 0.7"),
        (
            False,
            "auc is 0.71 where sex = female, a change by -0.05 from the baseline's 0.76; "
            "the threshold is a change by at least -0.01",
        ),
    ]


def test_a_threshold_of_one_slice_is_told_of_no_other() -> None:
    config = """
    model_specs {}
    metrics_specs {
      metrics {
        class_name: "AUC"
        per_slice_thresholds {
          slicing_specs { feature_keys: "sex" }
          threshold { value_threshold { upper_bound { value: 0.9 } } }
        }
      }
    }
    """
    found = list(findings(result(config, overall=(0.75, 0), female=(0.71, 0)), None))
    assert [item.text for item in found] == [
        "auc is 0.71 where sex = female; the threshold is at most 0.9"
    ]


def test_a_figure_that_is_no_number_is_told_as_none(component, examples, model) -> None:
    """A slice without a positive label has no calibration, and Airflow takes no NaN."""
    rows = [{"x": 0.0, "sex": "female"}, {"x": 1.0, "sex": "female"}, {"x": 0.0, "sex": "male"}]
    judged = component(
        tfx.components.Evaluator,
        examples=examples(rows),
        model=model(lambda features: features["x"], {"x": float}),
        example_splits=["train"],
        eval_config=tfma.EvalConfig(
            model_specs=[tfma.ModelSpec(label_key="x")],
            slicing_specs=[tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=["sex"])],
            metrics_specs=[tfma.MetricsSpec(metrics=[tfma.MetricConfig(class_name="Calibration")])],
        ),
    )["evaluation"]
    found = evaluation_of([ArtifactResult(judged.id, "ModelEvaluation", judged.uri, "evaluation")])
    assert found["metrics"] == {
        "overall": {"calibration": 1.0},
        "sex = female": {"calibration": 1.0},
        "sex = male": {"calibration": None},
    }
    json.dumps(found, allow_nan=False)


def test_a_slice_that_has_no_example_is_told() -> None:
    found = list(findings(result(), validation('missing_slices { feature_keys: "sex" }')))
    assert [item.met for item in found] == [False]
    assert 'feature_keys: "sex"' in found[0].text


def test_other_nodes_and_empty_evaluations_have_none(tmp_path) -> None:
    assert evaluation_of([ArtifactResult(1, "Model", "/m", "model")]) == {}
    empty = ArtifactResult(1, "ModelEvaluation", str(tmp_path), "evaluation")
    assert evaluation_of([empty]) == {}


def test_a_difference_of_two_slices_that_is_too_great_is_told() -> None:
    failure = """
    metric_validations_per_slice {
      cross_slice_key {
        baseline_slice_key { single_slice_keys { column: "sex" bytes_value: "male" } }
        comparison_slice_key { single_slice_keys { column: "sex" bytes_value: "female" } }
      }
      failures { metric_key { name: "auc" } }
    }
    """
    crossed = result()
    crossed.slicing_metrics.append((((("sex", "male"),), (("sex", "female"),)), {"": {"": {}}}))
    assert [(item.met, item.text) for item in findings(crossed, validation(failure))] == [
        (False, "auc has missed its threshold where sex = male against sex = female")
    ]
