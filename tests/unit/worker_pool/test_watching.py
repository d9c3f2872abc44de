from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from headrace.worker_pool.jobs import FlinkJob, Jobs
from headrace.worker_pool.watching import Watcher
from tests.job_manager import JobManager


@pytest.fixture
def job_manager() -> Iterator[JobManager]:
    with JobManager() as found:
        yield found


def test_a_job_that_is_still_to_come_has_not_ended(job_manager: JobManager) -> None:
    jobs = Jobs()
    jobs.stream("token").flink_job = FlinkJob(job_manager.url, "ab12")
    harnesses = Mock()  # processes of a whole pool; what is tested is when they are ended
    harnesses.end_job.return_value = 1
    watcher = Watcher(Mock(), harnesses, jobs, None)
    for state in ("", "RUNNING"):
        job_manager.state = state
        watcher._end_harnesses_of_ended_jobs()
        assert jobs.stream("token").ended_at is None
    job_manager.state = ""  # known before, and now no longer: another JobManager has its place
    watcher._end_harnesses_of_ended_jobs()
    harnesses.end_job.assert_called_once_with("token")
    assert jobs.stream("token").ended_at is not None


@pytest.mark.parametrize("url", ["http://[::", "", "no address", "http://a\x00b", "ftp://h"])
def test_a_job_that_cannot_be_asked_for_does_not_keep_the_others(
    job_manager: JobManager, url: str
) -> None:
    jobs = Jobs()
    jobs.stream("odd").flink_job = FlinkJob(url, "ab12")
    jobs.stream("ended").flink_job = FlinkJob(job_manager.url, "cd34")
    job_manager.state = "FINISHED"
    harnesses = Mock()  # as above
    harnesses.end_job.return_value = 0
    Watcher(Mock(), harnesses, jobs, None)._end_harnesses_of_ended_jobs()
    harnesses.end_job.assert_called_once_with("ended")
