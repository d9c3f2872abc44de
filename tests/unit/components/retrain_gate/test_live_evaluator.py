import pytest
from tfx.types import standard_artifacts

from headrace.components.retrain_gate.evaluation import overall_metrics
from headrace.components.retrain_gate.live_evaluator import LiveExecutor


@pytest.mark.parametrize("inputs", [{}, {"model": []}])
def test_without_a_live_model_nothing_is_evaluated(inputs, tmp_path):
    evaluation = standard_artifacts.ModelEvaluation()
    evaluation.uri = str(tmp_path / "evaluation")
    LiveExecutor().Do(inputs, {"evaluation": [evaluation]}, {})
    assert overall_metrics(evaluation.uri) is None


def test_an_empty_evaluation_has_no_metrics(tmp_path):
    assert overall_metrics(str(tmp_path)) is None
