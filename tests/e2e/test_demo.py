"""The demo, as a newcomer types it, on the real penguins."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Platform

pytestmark = pytest.mark.e2e

NODES = {
    "CsvExampleGen",
    "StatisticsGen",
    "SchemaGen",
    "ExampleValidator",
    "Transform",
    "Hyperparameters",
    "Trainer",
    "latest_blessed_model_resolver",
    "Evaluator",
    "Pusher",
}


def test_the_demo_runs_penguins_and_shows_what_came_of_it(repository: Platform) -> None:
    completed = repository.headrace("demo", "--json", "--param", "epochs=20")
    assert completed.returncode == 0, completed.stderr
    told = json.loads(completed.stdout)
    assert told["run"]["state"] == "success"
    assert {task["task_id"] for task in told["tasks"]} == NODES
    assert {task["state"] for task in told["tasks"]} == {"success"}
    assert all(task["result"]["peak_memory_bytes"] > 0 for task in told["tasks"])
    assert told["blessed"] is True
    assert told["metrics"]["Overall"]["sparse_categorical_accuracy"] > 0.9
    assert told["metrics"]["Overall"]["example_count"] == 140
    assert Path(told["pushed_model"]).is_dir()
    assert all(item["prediction"]["species"] for item in told["predictions"])
    assert "Trainer: running" in completed.stderr
    assert json.loads(repository.headrace("status", "--json").stdout)["airflow"] == "down"
    assert list((repository.home / "demo").glob("*/airflow.json")) == []


def test_wrong_use_is_one_clear_error(repository: Platform) -> None:
    completed = repository.headrace("demo", "--param", "epochs=many")
    assert completed.returncode == 2
    assert "is not of type" in completed.stderr
    assert "Traceback" not in completed.stderr


def test_a_failing_run_fails_the_demo_and_shows_the_nodes_error(repository: Platform) -> None:
    completed = repository.headrace("demo", "--param", "epochs=0")
    assert completed.returncode == 1
    assert "Hyperparameters failed" in completed.stderr
    assert "epochs must be at least 1, not 0" in completed.stderr
