"""The task that asks, up to where it talks to Airflow's API server; a real answer is in e2e."""

from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import TaskAwaitingInput

from headrace.airflow import approval
from headrace.airflow.approval import NodeApproval, form

METRICS = {"overall": {"auc": 0.8, "loss": 0.5}, "sex = female": {"auc": 0.75}}
EVALUATION = {"blessed": True, "findings": ["auc is 0.8; at least 0.7"], "metrics": METRICS}
MODEL = {"id": 7, "type": "Model", "uri": "/models/7", "key": "model"}
TRAINED = {"outputs": [MODEL]}


class Instance:
    id = "a-task-instance"

    def __init__(self, results: dict[str, Any]) -> None:
        self.results = results

    def xcom_pull(self, task_ids: str, key: str) -> Any:
        return self.results.get(task_ids)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The forms that Airflow was given; there is no API server in a unit test."""
    forms: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "airflow.providers.standard.operators.hitl.upsert_hitl_detail",
        lambda **fields: forms.append(fields),
    )
    return forms


def execute(results: dict[str, Any]) -> Any:
    with DAG("d", schedule=None):
        task = NodeApproval(
            task_id="approve_Pusher",
            node="Pusher",
            required=["Trainer"],
            evaluated_by=["Evaluator"],
        )
    return task.execute({"ti": Instance(results), "task_instance": Instance(results)})


def test_a_person_is_asked_with_the_evaluation(asked: list[dict[str, Any]]) -> None:
    with pytest.raises(TaskAwaitingInput):
        execute({"Trainer": TRAINED, "Evaluator": {"evaluation": EVALUATION}})
    [given] = asked
    assert given["subject"] == "Run Pusher?"
    assert given["options"] == ["Approve", "Reject"]
    for part in ("Model 7: `/models/7`", "**Evaluator**: blessed", "| auc | 0.8 | 0.75 |"):
        assert part in given["body"]


@pytest.mark.parametrize(
    "results",
    [
        {"Trainer": TRAINED, "Evaluator": {"evaluation": {**EVALUATION, "blessed": False}}},
        {"Evaluator": {"evaluation": EVALUATION}},
        {},
    ],
)
def test_nobody_is_asked_where_nothing_would_come_of_it(
    asked: list[dict[str, Any]], results: dict[str, Any]
) -> None:
    assert execute(results) is None
    assert asked == []


def test_without_an_evaluation_the_form_has_the_model(asked: list[dict[str, Any]]) -> None:
    with pytest.raises(TaskAwaitingInput):
        execute({"Trainer": TRAINED})
    assert asked[0]["body"] == "- Model 7: `/models/7`"


def test_many_slices_and_thresholds_are_cut_short_and_counted() -> None:
    metrics = {f"s{index}": {"auc": 0.5} for index in range(10)}
    found = {"blessed": None, "findings": ["x"] * 31, "metrics": metrics}
    text = form("Look.", [], {"Evaluator": found})
    assert text.startswith("Look.\n\n**Evaluator**: not judged")
    assert "and 2 more slices" in text
    assert "and 1 more thresholds" in text
    assert approval.RESULT == "return_value"
