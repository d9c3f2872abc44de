"""TFX's components take the examples in CsvExampleGen's place, from StatisticsGen to Pusher."""

from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma

from headrace.settings import Settings
from pipelines.penguins.pipeline import ACCURACY_AT_LEAST
from tests.integration.pipelines.runs import Run

pytestmark = pytest.mark.integration

TARGET = "tests/data/pipelines/columnar_penguins.py"


@pytest.mark.parametrize("function", ["with_gzip", "without_gzip"])
def test_a_model_is_trained_evaluated_and_pushed(
    settings: Settings, tmp_path: Path, function: str
) -> None:
    run = Run(tmp_path)
    nodes = run.through_headrace(settings, f"{TARGET}:{function}")
    assert {node["state"] for node in nodes.values()} == {"complete"}
    assert "ColumnarExampleGen" in nodes
    files = tf.io.gfile.glob(f"{run.artifacts('Examples')[0]}/Split-*/*")
    assert {file.endswith(".gz") for file in files} == {function == "with_gzip"}
    result = tfma.load_eval_result(run.newest("ModelEvaluation"))
    overall = dict(result.slicing_metrics)[()][""][""]
    assert overall["example_count"]["doubleValue"] > 100
    assert overall["sparse_categorical_accuracy"]["doubleValue"] >= ACCURACY_AT_LEAST
    assert run.blessed()
    assert run.artifacts("PushedModel")
