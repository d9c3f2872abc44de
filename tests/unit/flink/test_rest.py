import pytest

from headrace.errors import HeadraceError
from headrace.flink.rest import (
    FlinkApi,
    FlinkUnreachable,
    Job,
    Overview,
    read_jobs,
    read_overview,
)


def test_an_overview_is_read() -> None:
    answer = {
        "taskmanagers": 2,
        "slots-total": 4,
        "slots-available": 3,
        "jobs-running": 1,
        "flink-version": "1.19.3",
        "flink-commit": "abc",
    }
    assert read_overview(answer) == Overview("1.19.3", task_managers=2, slots=4, free_slots=3)


def test_jobs_are_read_the_newest_first_and_a_running_ones_time_goes_on() -> None:
    ended = {"jid": "a", "name": "p/n/1", "start-time": 1000, "end-time": 3500, "state": "FINISHED"}
    going = {"jid": "b", "name": "p/n/2", "start-time": 5000, "end-time": -1, "state": "RUNNING"}
    assert read_jobs({"jobs": [ended, going]}, now=9.0) == [
        Job("b", "p/n/2", "RUNNING", 5.0, 4.0),
        Job("a", "p/n/1", "FINISHED", 1.0, 2.5),
    ]


UNCOUNTABLE = {"flink-version": "1", "taskmanagers": float("inf"), "jobs": [7]}


@pytest.mark.parametrize(
    "answer", [{}, {"jobs": None}, {"jobs": [{}]}, {"taskmanagers": "x"}, UNCOUNTABLE]
)
def test_an_answer_that_is_not_flinks_is_an_error(answer: dict[str, object]) -> None:
    for read in (read_overview, lambda found: read_jobs(found, 0.0)):
        with pytest.raises(FlinkUnreachable, match="not a Flink JobManager"):
            read(answer)


@pytest.mark.parametrize("url", ["http://[::", "http://me:secret@[::", "http://a\x00b"])
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(HeadraceError, match="is not the URL of a cluster") as failure:
        FlinkApi(url)
    assert "secret" not in failure.value.message
