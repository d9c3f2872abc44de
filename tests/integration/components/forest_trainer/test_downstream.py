"""Forests of penguins through headrace: what comes after a Trainer takes them as any model."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
import ydf_tf  # noqa: F401  this process loads forests, too
from tensorflow_serving.apis import prediction_log_pb2

from headrace.settings import Settings
from tests.integration.pipelines.runs import Run

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def run(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("forests"))
    run.through_headrace(settings, "tests/data/pipelines/penguin_forests.py:create_pipeline")
    return run


def test_evaluator_judges_and_blesses_them(run: Run) -> None:
    assert len(run.artifacts("ModelEvaluation")) == 2
    for uri in run.artifacts("ModelEvaluation"):
        sliced = dict(tfma.load_eval_result(uri).slicing_metrics)
        assert sliced[()][""][""]["sparse_categorical_accuracy"]["doubleValue"] > 0.9
        assert len(sliced) == 4  # all birds, and those of three islands
    for uri in run.artifacts("ModelBlessing"):
        assert tf.io.gfile.exists(f"{uri}/BLESSED")


def test_bulk_inferrer_answers_each_held_out_bird(run: Run) -> None:
    files = [str(path) for path in Path(run.newest("InferenceResult")).rglob("*.gz")]
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record)
        for record in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    ]
    answers = [log.predict_log.response.outputs for log in logs]
    assert len(answers) == len(run.raw_examples("eval"))
    for answer in answers:
        assert sum(tf.make_ndarray(answer["probabilities"]).ravel()) == pytest.approx(1, abs=1e-5)


def test_the_pushed_model_names_species_of_birds_without_one(run: Run) -> None:
    birds = run.raw_examples("eval")
    truth = [bird.features.feature["species"].bytes_list.value[0] for bird in birds]
    for bird in birds:
        del bird.features.feature["species"]
    named = run.serve(birds)["class"].numpy()
    assert np.mean(named == np.array(truth)) > 0.9


def test_it_was_trained_with_what_the_tuner_found(run: Run) -> None:
    best = json.loads(Path(run.newest("HyperParameters"), "best_hyperparameters.txt").read_text())
    told = [json.loads(Path(uri, "training.json").read_text()) for uri in run.artifacts("ModelRun")]
    assert best["values"] in [each["hyperparameters"] for each in told]
    assert {"num_trees": 50} in [each["hyperparameters"] for each in told]
