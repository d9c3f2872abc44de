import pytest

from headrace.errors import HeadraceError, UsageError
from headrace.flink.job_api import JobApi
from headrace.flink.rest import Job
from headrace.flink.stopping import find_job, stop_with_savepoint
from tests.http_server import JsonHandler, Serving

JOBS = [
    Job("ab12", "words", "RUNNING", 3.0, 1.0),
    Job("ab34", "birds", "RUNNING", 2.0, 1.0),
    Job("cd56", "words", "FINISHED", 1.0, 1.0),
    Job("ef78", "ended", "FAILED", 0.0, 1.0),
]


@pytest.mark.parametrize(("text", "job_id"), [("ab12", "ab12"), ("ab3", "ab34"), ("words", "ab12")])
def test_a_job_is_found_by_its_id_the_beginning_of_it_and_the_name_of_what_runs(
    text: str, job_id: str
) -> None:
    assert find_job(JOBS, text).job_id == job_id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ab", "'ab' is more than one job\n.*ab12, ab34"),
        ("ended", "'ended' has ended: it is FAILED"),
        ("fish", "no job 'fish'\n.*running:\n.*ab12 words\n.*ab34 birds"),
        ("", "no job ''"),
    ],
)
def test_what_is_no_single_running_job_is_a_mistake(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_job(JOBS, text)


NOT_YET = "Caused by: x.CheckpointException: Not all required tasks are currently running."


def job_manager(state_of_vertex: str, *troubles: str) -> Serving:
    """Stands for one: when a job is just starting cannot be held still in a real one.

    Each question for a savepoint ends in the next trouble; when there is none left, in a path.
    """
    left = list(troubles)
    vertex = {
        "name": "Read",
        "status": state_of_vertex,
        "parallelism": 1,
        "metrics": {"read-records": 0, "write-records": 0},
        "tasks": {"SCHEDULED": 0},
    }

    class Handler(JsonHandler):
        def do_POST(self) -> None:
            self.answer(200, {"request-id": "r"})

        def do_GET(self) -> None:
            if self.path.endswith("/savepoints/r"):
                failed = {"failure-cause": {"stack-trace": left.pop(0)}} if left else None
                operation = failed or {"location": "file:/savepoints/1"}
                self.answer(200, {"status": {"id": "COMPLETED"}, "operation": operation})
            else:
                named = {"jid": "ab12", "name": "s", "state": "RUNNING", "status": "FINISHED"}
                self.answer(200, {**named, "vertices": [vertex]})

    return Serving(Handler)


def test_a_stream_that_is_just_starting_is_stopped_once_it_can_be() -> None:
    with job_manager("INITIALIZING", NOT_YET, NOT_YET) as server, JobApi(server.url) as api:
        assert stop_with_savepoint(api, "ab12") == "file:/savepoints/1"


def test_a_batch_job_has_no_savepoint_and_is_not_waited_for() -> None:
    with (
        job_manager("FINISHED", NOT_YET) as server,
        JobApi(server.url) as api,
        pytest.raises(
            HeadraceError, match=r"no savepoint, and goes on\n.*\n *a batch job has none"
        ),
    ):
        stop_with_savepoint(api, "ab12")
