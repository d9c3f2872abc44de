import pytest

from headrace.components.spans import LatestPushedModel


def pushed(mlmd_store, pipeline: str = "daily") -> int:
    found = LatestPushedModel(pipeline).resolve_artifacts(mlmd_store.store, {"model": []})
    [model] = found["model"]
    return model.id


def test_it_is_the_model_that_was_pushed_last(mlmd_store):
    mlmd_store.day(10, pushed=1)
    _, model = mlmd_store.day(11, pushed=1)
    mlmd_store.day(12)
    assert pushed(mlmd_store) == model


def test_one_that_the_pusher_did_not_push_does_not_count(mlmd_store):
    _, model = mlmd_store.day(10, pushed=1)
    [held_back] = mlmd_store.execution("Trainer", {}, {"model": "Model"})
    mlmd_store.execution("Pusher", {"model": [held_back]}, {"pushed": "PushedModel"}, {"pushed": 0})
    assert pushed(mlmd_store) == model


def test_another_pipelines_does_not_count(mlmd_store):
    _, model = mlmd_store.day(10, pushed=1)
    mlmd_store.execution(
        "Pusher", {"model": [model]}, {"p": "PushedModel"}, {"pushed": 1}, pipeline="other"
    )
    [late] = mlmd_store.execution("Trainer", {}, {"model": "Model"}, pipeline="other")
    mlmd_store.execution(
        "Pusher", {"model": [late]}, {"p": "PushedModel"}, {"pushed": 1}, pipeline="other"
    )
    assert pushed(mlmd_store) == model
    assert pushed(mlmd_store, "other") == late


def test_a_pipeline_that_has_pushed_nothing_is_named(mlmd_store):
    mlmd_store.day(10)
    for pipeline in ("daily", "unknown"):
        with pytest.raises(ValueError, match=f"pipeline {pipeline} has pushed no model"):
            pushed(mlmd_store, pipeline)
