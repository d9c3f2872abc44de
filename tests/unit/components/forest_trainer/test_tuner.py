"""YDF's random search, and how what it finds is kept."""

import keras_tuner
import pytest
from tfx import types
from tfx.types import standard_artifacts

from headrace.components.forest_trainer import ForestTrainer, ForestTuner
from headrace.components.forest_trainer.search import read_search
from headrace.errors import HeadraceError
from tests.unit.components.forest_trainer.conftest import KINDS, rows

SPACE = {"max_depth": [1, 4], "shrinkage": [0.001, 0.3], "use_hessian_gain": [True, False]}


def test_the_best_is_kept_as_tfx_keeps_hyperparameters(workshop) -> None:
    examples = workshop.examples(train=rows(400))
    best, results = workshop.tune(examples, workshop.schema(**KINDS), SPACE, trials=8)
    kept = keras_tuner.HyperParameters.from_config(best)
    assert kept.get("max_depth") == 4
    assert kept.get("shrinkage") == 0.3
    assert [space.name for space in kept.space] == list(SPACE)
    assert len(results) == 8
    assert results[0]["score"] == max(result["score"] for result in results)
    assert {name: results[0][name] for name in SPACE} == kept.values
    for name, values in SPACE.items():
        assert {result[name] for result in results} == set(values)


def test_a_search_with_a_seed_finds_the_same_again(workshop) -> None:
    examples, schema = workshop.examples(train=rows(200)), workshop.schema(**KINDS)
    found = [workshop.tune(examples, schema, SPACE, trials=4) for _ in range(2)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("parallel", "threads", "trials", "expected"),
    [(0, 4, 20, 4), (3, 4, 20, 3), (0, 8, 2, 2), (5, 1, 20, 5)],
)
def test_trials_at_once_are_as_many_as_processors_unless_it_is_said(
    parallel, threads, trials, expected
) -> None:
    properties = {
        "algorithm": "random_forest",
        "space": '{"max_depth": [1, 2, 3, 4, 5, 6, 7, 8]}',
        "trials": trials,
        "parallel_trials": parallel,
        "threads": threads,
    }
    search = read_search(properties)
    assert search.parallel == expected
    assert search.trials == min(trials, 8)  # there are no more to try


@pytest.mark.parametrize(
    ("space", "trials", "message"),
    [
        ({}, 3, "space must name at least one"),
        ({"max_depth": []}, 3, "no value to try for max_depth"),
        ({"max_depth": [3, 3]}, 3, "a value of max_depth twice"),
        ({"max_depht": [3]}, 3, "did you mean 'max_depth'"),
        ({"max_depth": ["3"]}, 3, "max_depth must be int"),
        ({"max_depth": [3]}, 0, "trials must be at least 1"),
    ],
)
def test_a_mistake_is_told_when_the_pipeline_is_made(space, trials, message) -> None:
    examples = types.Channel(type=standard_artifacts.Examples)
    with pytest.raises(HeadraceError, match=message):
        ForestTuner(examples, "y", "binary", space=space, trials=trials)


def test_the_trainer_takes_what_the_tuner_found() -> None:
    examples = types.Channel(type=standard_artifacts.Examples)
    tuner = ForestTuner(examples, "y", "binary", space=SPACE)
    trainer = ForestTrainer(examples, "y", "binary", tuned=tuner.outputs["best_hyperparameters"])
    assert trainer.outputs["model"].type is standard_artifacts.Model
    assert trainer.outputs["model_run"].type is standard_artifacts.ModelRun


def test_a_trainers_mistake_is_told_when_the_pipeline_is_made() -> None:
    examples = types.Channel(type=standard_artifacts.Examples)
    with pytest.raises(HeadraceError, match="no hyperparameter 'shrinkage'"):
        ForestTrainer(examples, "y", "binary", algorithm="random_forest", shrinkage=0.2)
