"""Parts of the cluster that die while a job runs, and jobs that want the same slots."""

import os
import signal
from pathlib import Path

import pytest

from headrace.flink.job_api import JobApi
from headrace.launcher.client import JobFailed
from tests.breaking_proxy import breaking_proxy
from tests.integration.flink_runner.conftest import Flink, Jobs
from tests.integration.flink_runner.running import Running
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

COUNTS = "mill 1\nwater 2\nwheel 1"


@pytest.fixture
def places(flink: Flink, tmp_path_factory: pytest.TempPathFactory) -> list[Jobs]:
    """Four, each with a marker of its own."""
    store = tmp_path_factory.mktemp("store") / "metadata.sqlite"
    return [Jobs(flink, tmp_path_factory.mktemp("place"), store) for _ in range(4)]


def nothing_is_left(flink: Flink) -> bool:
    return not flink.harnesses() and not flink.job_folders() and not flink.running_jobs()


def kill(flink: Flink, part: str) -> None:
    os.kill(flink.cluster.processes[part].pid, signal.SIGKILL)


def is_whole(flink: Flink) -> bool:
    """Whether every process is up and every slot is free."""
    found = flink.status()
    return bool(found["state"] == "up" and found["slots"] == {"total": 2, "free": 2})


@pytest.mark.parametrize("part", ["taskmanager-1", "worker-pool"])
def test_a_part_that_is_killed_under_a_job_is_survived(flink: Flink, jobs: Jobs, part: str) -> None:
    running = Running(jobs, f"{part}-killed", "once", "--parallelism=1")
    job_id = running.job_id()
    wait_until(jobs.place.joinpath("marker").exists)
    kill(flink, part)
    assert running.join() is None
    assert running.result is not None
    assert Path(running.result.outputs[0].uri).read_text() == COUNTS
    assert flink.state(job_id) == "FINISHED"
    wait_until(lambda: nothing_is_left(flink))
    wait_until(lambda: is_whole(flink))


def test_a_killed_job_manager_fails_its_job_and_the_retry_is_clean(
    flink: Flink, jobs: Jobs
) -> None:
    running = Running(jobs, "jobmanager-killed", "once", "--parallelism=1")
    running.job_id()
    wait_until(jobs.place.joinpath("marker").exists)
    kill(flink, "jobmanager")
    error = running.join()
    assert isinstance(error, JobFailed)
    assert "JobManager" in error.message
    assert "Traceback" not in error.message
    wait_until(lambda: is_whole(flink))
    retried = jobs.run("jobmanager-killed", "once", "--parallelism=1")
    assert Path(retried.outputs[0].uri).read_text() == COUNTS
    wait_until(lambda: nothing_is_left(flink))


def test_a_job_is_submitted_once_and_followed_over_connections_that_break(
    flink: Flink, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = flink.cluster
    monkeypatch.setenv("HEADRACE_FLINK_WORKER_POOL", cluster.worker_pool)
    monkeypatch.setenv("HEADRACE_FLINK_JOBS_DIRECTORY", cluster.jobs_directory)
    with breaking_proxy(int(cluster.rest_url.rpartition(":")[2])) as (port, broken):
        result = jobs.run("broken", "fine", f"--flink_master=http://127.0.0.1:{port}")
    assert Path(result.outputs[0].uri).read_text() == COUNTS
    assert {"at once", "answer lost", "later"} <= set(broken)
    assert any("tried again in" in message for message in jobs.messages())
    with JobApi(cluster.rest_url) as api:
        assert api.running(jobs.name("broken")) == []
    wait_until(lambda: nothing_is_left(flink))


def test_two_jobs_share_the_cluster_and_a_third_waits_for_one_of_them(
    flink: Flink, places: list[Jobs]
) -> None:
    left, right, queued, impatient = places
    both = [
        Running(jobs, name, "until", "--parallelism=1")
        for jobs, name in ((left, "left"), (right, "right"))
    ]
    for jobs in (left, right):
        wait_until(jobs.place.joinpath("marker").exists)
    assert flink.status()["slots"] == {"total": 2, "free": 0}

    with pytest.raises(JobFailed, match=r"asks for 1; 0 of 2 are free, and it has waited for 1 s"):
        impatient.run("impatient", "fine", "--parallelism=1", "--headrace_slot_wait_seconds=1")
    waiting = Running(queued, "queued", "fine", "--parallelism=2")
    wait_until(lambda: any("Waiting for slots" in text for text in queued.messages()))
    assert len(flink.running_jobs()) == 3
    for jobs in (left, right):
        jobs.place.joinpath("marker").unlink()

    for running in (*both, waiting):
        assert running.join() is None
        assert running.result is not None
        assert Path(running.result.outputs[0].uri).read_text() == COUNTS
    wait_until(lambda: nothing_is_left(flink))
