"""Penguins is plain TFX: under TFX's own LocalDagRunner it gives what it gives through headrace."""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma

from headrace.settings import Settings
from pipelines.penguins import data, tuning
from pipelines.penguins.pipeline import ACCURACY_AT_LEAST, create_pipeline
from tests.integration.pipelines.runs import Run

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("local"))
    run.locally(create_pipeline)
    return run


@pytest.fixture(scope="module")
def headrace(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("headrace"))
    run.through_headrace(settings, "pipelines/penguins/pipeline.py:create_pipeline")
    return run


def test_its_sources_import_nothing_of_headrace() -> None:
    sources = list(Path(data.__file__).parent.glob("*.py"))
    assert len(sources) > 4
    for source in sources:
        assert not re.search(r"^\s*(import|from) headrace", source.read_text(), re.MULTILINE)


def test_every_bird_is_in_one_split(run: Run) -> None:
    species = Counter(
        example.features.feature["species"].bytes_list.value[0].decode()
        for split in ("train", "eval")
        for example in run.raw_examples(split)
    )
    with data.source_file().open(newline="") as file:
        assert species == Counter(row["species"] for row in csv.DictReader(file))


def test_numbers_are_numbers_and_missing_values_are_missing(run: Run) -> None:
    birds = run.raw_examples("train") + run.raw_examples("eval")
    masses = [bird.features.feature["body_mass_g"] for bird in birds]
    assert {mass.WhichOneof("kind") for mass in masses} <= {"int64_list", None}
    assert sum(not mass.int64_list.value for mass in masses) == 2


def test_the_model_is_good_enough_blessed_and_pushed(run: Run) -> None:
    result = tfma.load_eval_result(run.newest("ModelEvaluation"))
    overall = dict(result.slicing_metrics)[()][""][""]
    assert overall["sparse_categorical_accuracy"]["doubleValue"] >= max(0.95, ACCURACY_AT_LEAST)
    assert run.blessed()
    assert tf.io.gfile.listdir(str(run.root / "artifacts" / "serving" / "penguins"))


def test_evaluator_slices_by_island_and_sex(run: Run) -> None:
    result = tfma.load_eval_result(run.newest("ModelEvaluation"))
    columns = {column for key, _ in result.slicing_metrics for column, _ in key}
    assert columns == {"island", "sex"}


def test_the_pushed_model_names_the_species_of_real_birds(run: Run) -> None:
    serving = run.root / "artifacts" / "serving" / "penguins"
    [version] = tf.io.gfile.listdir(str(serving))
    serve = tf.saved_model.load(str(serving / version)).signatures["serving_default"]
    birds = run.raw_examples("eval")
    truth = [bird.features.feature["species"].bytes_list.value[0] for bird in birds]
    for bird in birds:
        del bird.features.feature["species"]
    answer = serve(examples=tf.constant([bird.SerializeToString() for bird in birds]))
    named = answer["species"].numpy().tolist()
    assert sum(map(bytes.__eq__, named, truth)) / len(truth) >= 0.95
    assert answer["probabilities"].shape == (len(birds), 3)


def test_the_results_through_headrace_are_the_same(run: Run, headrace: Run) -> None:
    for split in ("train", "eval"):
        assert run.serialized_examples(split) == headrace.serialized_examples(split)
    assert run.schemas() == headrace.schemas()
    assert run.blessed() == headrace.blessed()
    assert run.metrics() == pytest.approx(headrace.metrics(), abs=1e-4)
    birds = run.raw_examples("eval")
    for bird in birds:
        del bird.features.feature["species"]
    answers = [each.serve(birds) for each in (run, headrace)]
    assert np.array_equal(*(answer["species"].numpy() for answer in answers))
    one, two = (answer["probabilities"].numpy() for answer in answers)
    assert one == pytest.approx(two, abs=1e-4)


def test_a_tuner_chooses_what_the_network_is_trained_with(
    headrace: Run, settings: Settings
) -> None:
    target = "tests/data/pipelines/tuned_penguins.py:create_pipeline"
    nodes = headrace.through_headrace(settings, target, "--to=Trainer")
    assert nodes["Trainer"]["state"] == "complete"
    best = json.loads(
        Path(headrace.newest("HyperParameters"), "best_hyperparameters.txt").read_text()
    )
    assert best["values"]["learning_rate"] in tuning.LEARNING_RATES
    tried = json.loads(Path(headrace.newest("TunerResults"), "tuner_results.json").read_text())
    assert len(tried) == 2
    assert min(tried, key=lambda trial: trial["score"]).items() >= best["values"].items()
