import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.flink import owners
from headrace.flink.owners import Cancelled, OwnedJob
from headrace.services.identity import ProcessIdentity
from tests.job_manager import JobManager


@pytest.fixture
def job_manager() -> Iterator[JobManager]:
    with JobManager("RUNNING") as found:
        yield found


def ended_process() -> ProcessIdentity:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = ProcessIdentity.of(process.pid)
    process.communicate(b"\n")
    return identity


def test_the_job_of_a_process_that_has_ended_is_cancelled_once(
    tmp_path: Path, job_manager: JobManager
) -> None:
    folder = tmp_path / "jobs" / "token"
    folder.mkdir(parents=True)
    owner = ended_process()
    owners.record(tmp_path, OwnedJob(job_manager.url, "ab12", "p/n/r", owner, str(folder)))
    assert owners.has_jobs(tmp_path, owner.pid)
    assert owners.cancel_orphans(tmp_path) == Cancelled(1)
    assert job_manager.asked == ["/v1/jobs/ab12?mode=cancel"]
    assert not folder.exists()
    assert owners.cancel_orphans(tmp_path) == Cancelled(0)
    assert not owners.has_jobs(tmp_path, owner.pid)


def test_the_job_of_a_living_process_is_left_alone(tmp_path: Path, job_manager: JobManager) -> None:
    owner = ProcessIdentity.of(os.getpid())
    file = owners.record(tmp_path, OwnedJob(job_manager.url, "ab12", "p/n/r", owner))
    owners.cancel_jobs_of(tmp_path, owner.pid)
    assert job_manager.asked == []
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_cluster_that_has_gone_is_no_error(tmp_path: Path) -> None:
    owners.record(tmp_path, OwnedJob("http://127.0.0.1:9", "ab12", "p/n/r", ended_process()))
    assert owners.cancel_orphans(tmp_path) == Cancelled(0)
    assert list(tmp_path.rglob("*.json")) == []


def test_a_job_that_is_being_submitted_is_cancelled_as_soon_as_the_cluster_knows_it(
    tmp_path: Path, job_manager: JobManager
) -> None:
    owner = ended_process()
    job = OwnedJob(job_manager.url, "ab12", "p/n/r", owner, is_submitting=True)
    file = owners.record(tmp_path, job)
    job_manager.state = ""
    assert owners.cancel_orphans(tmp_path) == Cancelled(0, awaited=1)
    job_manager.state = "INITIALIZING"
    assert owners.cancel_orphans(tmp_path) == Cancelled(1)
    assert not file.exists()


def test_a_submission_that_came_to_nothing_is_not_awaited_for_ever(
    tmp_path: Path, job_manager: JobManager
) -> None:
    job = OwnedJob(job_manager.url, "ab12", "p/n/r", ended_process(), is_submitting=True)
    file = owners.record(tmp_path, job)
    job_manager.state = ""
    os.utime(file, (0, 0))
    assert owners.cancel_orphans(tmp_path) == Cancelled(0)
    assert not file.exists()


def test_a_job_that_comes_between_two_questions_is_cancelled_by_the_next(
    tmp_path: Path, job_manager: JobManager
) -> None:
    job = OwnedJob(job_manager.url, "ab12", "p/n/r", ended_process(), is_submitting=True)
    owners.record(tmp_path, job)
    job_manager.state, job_manager.next_state = "", "INITIALIZING"
    assert owners.cancel_orphans(tmp_path) == Cancelled(0, awaited=1)
    assert owners.cancel_orphans(tmp_path) == Cancelled(1)


def test_a_job_that_has_ended_by_itself_is_not_awaited(
    tmp_path: Path, job_manager: JobManager
) -> None:
    job = OwnedJob(job_manager.url, "ab12", "p/n/r", ended_process(), is_submitting=True)
    file = owners.record(tmp_path, job)
    job_manager.state, job_manager.next_state = "", "FINISHED"
    assert owners.cancel_orphans(tmp_path) == Cancelled(0)
    assert not file.exists()
