"""Follows a DAG run through Airflow's REST API until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from headrace.errors import HeadraceError
from headrace.services.rest import AirflowApi, AirflowUnreachable

_POLL_SECONDS = 0.5
_AWAY_SECONDS = 120.0
"""So long an API server may not answer: one that has died is started again, within seconds."""
_ENDED = frozenset(("success", "failed"))
_TASK_ENDED = frozenset(("success", "failed", "upstream_failed", "skipped", "removed"))


@dataclass(frozen=True)
class TaskOutcome:
    """A task of the run.

    Attributes:
        seconds: from the task's start to its end, by Airflow; None if it has not both.
        result: the node's own report (``NodeResult`` as a dict), None without one.
    """

    task_id: str
    state: str
    try_number: int
    seconds: float | None = None
    result: dict[str, Any] | None = None


@dataclass(frozen=True)
class RunOutcome:
    """The run; ``seconds`` from queued to ended, by Airflow."""

    dag_id: str
    run_id: str
    state: str
    seconds: float
    tasks: tuple[TaskOutcome, ...] = field(default=())

    def results(self) -> dict[str, dict[str, Any]]:
        """The reports of the nodes that have one, by node id."""
        return {task.task_id: task.result for task in self.tasks if task.result}


def follow(
    api: AirflowApi,
    dag_id: str,
    run_id: str,
    limit_seconds: float,
    show: Callable[[list[TaskOutcome]], None],
) -> RunOutcome:
    """Poll until the run ends, showing every change of a task.

    Raises:
        HeadraceError: it has not ended within ``limit_seconds``.
        AirflowUnreachable: the API server has not answered for minutes.
    """
    answered = time.monotonic()
    deadline = answered + limit_seconds
    known: dict[str, TaskOutcome] = {}
    while True:
        try:
            run = api.run(dag_id, run_id)
            changed = _look(api, dag_id, run_id, known)
        except AirflowUnreachable:
            if time.monotonic() - answered > _AWAY_SECONDS:
                raise
            time.sleep(_POLL_SECONDS)
            continue
        answered = time.monotonic()
        if changed:
            show(list(known.values()))
        if run["state"] in _ENDED:
            seconds = _between(run["queued_at"] or run["start_date"], run["end_date"]) or 0.0
            return RunOutcome(dag_id, run_id, run["state"], seconds, tuple(known.values()))
        if answered > deadline:
            raise HeadraceError(
                f"the run {run_id} of {dag_id} did not end in {limit_seconds:.0f} s"
            )
        time.sleep(_POLL_SECONDS)


def _look(api: AirflowApi, dag_id: str, run_id: str, known: dict[str, TaskOutcome]) -> bool:
    """Bring what is known of the tasks up to date; return whether anything changed."""
    found: dict[str, TaskOutcome] = {}
    for item in api.tasks(dag_id, run_id):
        task = _task(item)
        old = known.get(task.task_id)
        if old is None or (old.state, old.try_number) != (task.state, task.try_number):
            if task.state in _TASK_ENDED:
                task = _with_result(api, dag_id, run_id, task)
            found[task.task_id] = task
    known.update(found)
    return bool(found)


def _with_result(api: AirflowApi, dag_id: str, run_id: str, task: TaskOutcome) -> TaskOutcome:
    result = api.result(dag_id, run_id, task.task_id) if task.state == "success" else None
    return TaskOutcome(task.task_id, task.state, task.try_number, task.seconds, result)


def _task(item: dict[str, Any]) -> TaskOutcome:
    return TaskOutcome(
        task_id=item["task_id"],
        state=item["state"] or "waiting",
        try_number=int(item["try_number"] or 0),
        seconds=_between(item["start_date"], item["end_date"]),
    )


def _between(start: str | None, end: str | None) -> float | None:
    if not start or not end:
        return None
    return (_time(end) - _time(start)).total_seconds()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
