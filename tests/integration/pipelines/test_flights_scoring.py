"""Batch scoring of a day's flights, with the model that another pipeline has pushed."""

import csv
from pathlib import Path

import ml_metadata as mlmd
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from headrace.settings import Settings
from tests.integration.pipelines.runs import Run

pytestmark = pytest.mark.integration

TARGET = "tests/data/pipelines/few_scoring.py:create_pipeline"
DAY = "20130105"


@pytest.fixture(scope="module")
def nodes(few_flights: Run, settings: Settings) -> dict[str, dict]:
    return few_flights.through_headrace(settings, TARGET, "--param", f"span={DAY}")


def test_every_flight_of_the_day_gets_a_probability(
    few_flights: Run, settings: Settings, nodes: dict[str, dict]
) -> None:
    files = tf.io.gfile.glob(f"{few_flights.newest('InferenceResult')}/*.gz")
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record)
        for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    ]
    answers = [log.predict_log.response.outputs["late_probability"] for log in logs]
    values = tf.concat([tf.make_ndarray(answer).ravel() for answer in answers], 0).numpy()
    day = Path(settings.home) / "data" / "flights" / "days" / DAY / "flights.csv"
    with day.open(newline="") as file:
        assert len(values) == len(list(csv.DictReader(file))) > 500
    assert 0 < values.min() < values.max() < 1


def test_the_model_is_the_trainers_own_artifact(few_flights: Run, nodes: dict[str, dict]) -> None:
    store = mlmd.MetadataStore(few_flights.config)

    def of(node: str, key: str) -> list[mlmd.proto.Artifact]:
        """What executions of a component took or gave by this name."""
        return [
            artifact
            for execution in store.get_executions_by_type(f"tfx.components.{node}")
            for event in store.get_events_by_execution_ids([execution.id])
            for artifact in store.get_artifacts_by_id([event.artifact_id])
            if [step.key for step in event.path.steps][:1] == [key]
        ]

    [used] = of("bulk_inferrer.component.BulkInferrer", "model")
    assert used.uri in few_flights.artifacts("Model")
    assert used.id in {model.id for model in of("pusher.component.Pusher", "model")}
