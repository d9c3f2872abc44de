import pytest

from headrace.flink.job_api import read_detail
from headrace.flink.rest import FlinkUnreachable

WAITING = "waiting"


def vertex(state: str, records: int = 0) -> dict[str, object]:
    """A vertex with two tasks, of which one waits for a slot where nothing has become of it."""
    metrics = {"read-records": records, "write-records": 2 * records, "read-bytes": 1}
    tasks = {"SCHEDULED": int(state == WAITING)}
    status = "CREATED" if state == WAITING else state
    return {
        "name": "Map",
        "status": status,
        "parallelism": 2,
        "metrics": metrics,
        "tasks": tasks,
    }


def answer(*vertices: dict[str, object], state: str = "RUNNING") -> dict[str, object]:
    return {"jid": "ab12", "name": "p/n/r", "state": state, "vertices": list(vertices)}


def test_a_running_job_says_how_far_it_is() -> None:
    found = read_detail(answer(vertex("FINISHED", 10), vertex("RUNNING", 5), vertex("CREATED")))
    assert (found.finished_vertices, found.running_vertices, found.records) == (1, 1, 15)
    assert not found.waits_for_slots
    assert not found.has_ended


def test_a_job_of_which_nothing_runs_waits_for_slots() -> None:
    assert read_detail(answer(vertex(WAITING), vertex("CREATED"))).waits_for_slots
    assert read_detail(answer(vertex("FINISHED"), vertex(WAITING))).waits_for_slots
    assert not read_detail(answer(vertex("CREATED"))).waits_for_slots
    assert not read_detail(answer(vertex(WAITING), state="CANCELLING")).waits_for_slots
    assert not read_detail(answer(vertex("DEPLOYING"), vertex(WAITING))).waits_for_slots


@pytest.mark.parametrize("wrong", [{}, {"jid": "x"}, answer({"name": "Map"})])
def test_an_answer_of_something_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(FlinkUnreachable, match="not a Flink JobManager"):
        read_detail(wrong)
