import pytest

from headrace.errors import UsageError
from headrace.flink.rest import Job
from headrace.flink.stopping import find_job

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
