from pathlib import Path

import pytest

from headrace.launcher.jobs import ArtifactResult
from headrace.node.asset_facts import _metrics, asset_facts
from tests.mlmd_in_memory import Store


@pytest.fixture
def runs() -> Store:
    return Store()


def facts(runs: Store, artifact_id: int, kind: str) -> dict:
    uri = runs.artifact(artifact_id).uri
    return asset_facts(runs.store, [ArtifactResult(artifact_id, kind, uri, "key")])


def test_new_examples_are_told_with_their_span_and_version(runs: Store) -> None:
    [examples] = runs.execution("Gen", {}, {"e": "Examples"}, {"span": 15710, "version": 2})
    assert facts(runs, examples, "Examples") == {
        "uri": "/Examples/1",
        "span": 15710,
        "version": 2,
    }


def test_a_push_is_told_with_where_to_what_and_up_to_which_span(runs: Store) -> None:
    _, model = runs.day(15710)
    [pushed] = runs.execution(
        "Pusher",
        {"model": [model]},
        {"p": "PushedModel"},
        {"pushed": 1, "pushed_destination": "/serving/7", "pushed_version": "7"},
    )
    assert facts(runs, pushed, "PushedModel") == {
        "pushed": True,
        "uri": "/serving/7",
        "version": "7",
        "model_uri": runs.artifact(model).uri,
        "model_id": model,
        "span": 15710,
    }


def test_an_evaluation_that_is_gone_does_not_hold_the_event_back(runs: Store) -> None:
    _, model = runs.day(15710)
    blessing, _ = runs.execution(
        "Evaluator",
        {"model": [model]},
        {"blessing": "ModelBlessing", "evaluation": "ModelEvaluation"},
    )
    [pushed] = runs.execution(
        "Pusher",
        {"model": [model], "model_blessing": [blessing]},
        {"p": "PushedModel"},
        {"pushed": 1},
    )
    found = facts(runs, pushed, "PushedModel")
    assert (found["pushed"], found["metrics"]) == (True, {})


def test_a_model_that_was_not_pushed_is_told_as_that(runs: Store) -> None:
    [pushed] = runs.execution("Pusher", {}, {"p": "PushedModel"}, {"pushed": 0})
    assert facts(runs, pushed, "PushedModel") == {"pushed": False}


def test_other_nodes_have_no_facts(runs: Store) -> None:
    _, model = runs.day(15710)
    assert facts(runs, model, "Model") == {}
    assert asset_facts(runs.store, []) == {}


def test_metrics_that_cannot_be_read_are_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "eval_config.json").write_text("{")
    assert _metrics(str(tmp_path)) == {}
    assert f"The metrics of {tmp_path} cannot be read" in caplog.text
