"""Following a run. The API here plays a run; the end-to-end tests have a real Airflow's."""

from typing import Any

import pytest

from headrace.demo import following
from headrace.demo.following import RunOutcome, TaskOutcome, follow
from headrace.errors import HeadraceError
from headrace.services.rest import AirflowUnreachable

START, MIDDLE, END = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:03.5Z"
AWAY: tuple[str, dict[str, Any]] = ("away", {})
RESULT = {"state": "COMPLETE", "cached": False, "peak_memory_bytes": 5_000_000}


def task(state: str | None, try_number: int = 1, **times: str) -> dict[str, Any]:
    item = {"task_id": "Make", "state": state, "try_number": try_number}
    return {**item, "start_date": times.get("start"), "end_date": times.get("end")}


class Played:
    """Each poll shows the next scene: the run's state and its one task. ``AWAY``: no answer."""

    def __init__(self, *scenes: tuple[str, dict[str, Any]]) -> None:
        self.scenes = list(scenes)
        self.asked: list[str] = []

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        if self.scenes[0] == AWAY:
            self.scenes.pop(0)
            raise AirflowUnreachable("it does not answer")
        ended = self.scenes[0][0] in ("success", "failed")
        return {
            "state": self.scenes[0][0],
            "queued_at": START,
            "start_date": MIDDLE,
            "end_date": END if ended else None,
        }

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        return [(self.scenes.pop(0) if len(self.scenes) > 1 else self.scenes[0])[1]]

    def result(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        self.asked.append(task_id)
        return RESULT


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_POLL_SECONDS", 0)


def played(*scenes: tuple[str, dict[str, Any]]) -> tuple[RunOutcome, list[str], Played]:
    shown: list[str] = []
    api = Played(*scenes)
    outcome = follow(api, "birds", "r1", 60, lambda tasks: shown.append(tasks[0].state))
    return outcome, shown, api


def test_each_change_is_shown_once_and_the_result_is_read_at_the_end() -> None:
    outcome, shown, api = played(
        ("running", task(None)),
        ("running", task("running", start=MIDDLE)),
        ("running", task("running", start=MIDDLE)),
        ("success", task("success", start=MIDDLE, end=END)),
    )
    assert shown == ["waiting", "running", "success"]
    assert api.asked == ["Make"]
    assert (outcome.state, outcome.seconds) == ("success", 3.5)
    assert outcome.tasks == (TaskOutcome("Make", "success", 1, 2.5, RESULT),)
    assert outcome.results() == {"Make": RESULT}


def test_a_new_try_is_a_change_and_a_failure_has_no_result() -> None:
    outcome, shown, api = played(
        ("running", task("running", 1)),
        ("running", task("running", 2)),
        ("failed", task("failed", 2, start=START, end=END)),
    )
    assert shown == ["running", "running", "failed"]
    assert (api.asked, outcome.results()) == ([], {})


def test_an_api_server_that_is_started_again_is_waited_for() -> None:
    outcome, shown, _ = played(
        ("running", task("running", start=MIDDLE)),
        AWAY,
        AWAY,
        ("success", task("success", start=MIDDLE, end=END)),
    )
    assert (outcome.state, shown) == ("success", ["running", "success"])


def test_one_that_stays_away_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_AWAY_SECONDS", -1)
    with pytest.raises(AirflowUnreachable):
        played(("running", task("running")), AWAY, ("success", task("success")))


def test_a_run_that_does_not_end_is_an_error() -> None:
    with pytest.raises(HeadraceError, match="r1 of birds did not end"):
        follow(Played(("running", task("running"))), "birds", "r1", 0, lambda tasks: None)
