import pytest
import tensorflow_model_analysis as tfma
from tfx.types import standard_artifacts

from headrace.components.retrain_gate import LiveEvaluator
from headrace.components.retrain_gate.live_evaluator import LiveExecutor
from headrace.evaluation import overall_metrics


@pytest.mark.parametrize("inputs", [{}, {"model": []}])
def test_without_a_live_model_nothing_is_evaluated(inputs, tmp_path):
    evaluation = standard_artifacts.ModelEvaluation()
    evaluation.uri = str(tmp_path / "evaluation")
    LiveExecutor().Do(inputs, {"evaluation": [evaluation]}, {})
    assert overall_metrics(evaluation.uri) is None


def test_a_live_model_is_evaluated(component, examples, model):
    error = tfma.MetricConfig(class_name="MeanSquaredError")
    evaluated = component(
        LiveEvaluator,
        examples=examples([{"x": 1.0}]),
        model=model(lambda features: features["x"] + 2, {"x": float}),
        example_splits=["train"],
        eval_config=tfma.EvalConfig(
            model_specs=[tfma.ModelSpec(label_key="x")],
            metrics_specs=[tfma.MetricsSpec(metrics=[error])],
            slicing_specs=[tfma.SlicingSpec()],
        ),
    )
    assert overall_metrics(evaluated["evaluation"].uri) == {"mean_squared_error": 4.0}


def test_an_empty_evaluation_has_no_metrics(tmp_path):
    assert overall_metrics(str(tmp_path)) is None
