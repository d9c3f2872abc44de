import pytest

from headrace.flink.job_api import read_detail
from headrace.flink.rest import FlinkUnreachable


def vertex(state: str, records: int = 0) -> dict[str, object]:
    metrics = {"read-records": records, "write-records": 2 * records, "read-bytes": 1}
    return {"name": "Map", "status": state, "parallelism": 2, "metrics": metrics}


def answer(*vertices: dict[str, object], state: str = "RUNNING") -> dict[str, object]:
    return {"jid": "ab12", "name": "p/n/r", "state": state, "vertices": list(vertices)}


def test_a_running_job_says_how_far_it_is() -> None:
    found = read_detail(answer(vertex("FINISHED", 10), vertex("RUNNING", 5), vertex("CREATED")))
    assert (found.finished_vertices, found.running_vertices, found.records) == (1, 1, 15)
    assert not found.waits_for_slots
    assert not found.has_ended


def test_a_job_of_which_nothing_has_begun_waits_for_slots() -> None:
    assert read_detail(answer(vertex("SCHEDULED"), vertex("CREATED"))).waits_for_slots
    assert not read_detail(answer(vertex("CREATED"))).waits_for_slots
    assert not read_detail(answer(vertex("SCHEDULED"), state="CANCELLING")).waits_for_slots
    assert not read_detail(answer(vertex("DEPLOYING"), vertex("SCHEDULED"))).waits_for_slots


@pytest.mark.parametrize("wrong", [{}, {"jid": "x"}, answer({"name": "Map"})])
def test_an_answer_of_something_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(FlinkUnreachable, match="not a Flink JobManager"):
        read_detail(wrong)
