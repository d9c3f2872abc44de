"""A node's Beam job on a real cluster: its result, its errors, its end by force."""

import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from headrace.errors import HeadraceError
from headrace.flink import owners
from headrace.flink.job_api import JobApi
from headrace.launcher.client import JobFailed, JobKilled
from headrace.launcher.protocol import FLINK_JOB, EventFrame
from tests.integration.flink_runner.conftest import Flink, Jobs
from tests.integration.flink_runner.running import Running
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

COUNTS = "mill 1\nwater 2\nwheel 1"
NO_MILL = "ValueError: there is no mill here"
SMALL = "--headrace_input_bytes=1000"


def failing_line() -> str:
    source = Path("tests/data/pipelines/beam_jobs.py").resolve()
    line = '        raise ValueError(f"there is no {word} here")'
    return f"{source}:{1 + source.read_text().splitlines().index(line)}"


def cancelling() -> list[psutil.Process]:
    """Processes that cancel the jobs of killed ones."""
    found = psutil.process_iter(["cmdline"])
    return [item for item in found if "headrace.flink.orphans" in (item.info["cmdline"] or [])]


def nothing_is_left(flink: Flink) -> bool:
    return not flink.harnesses() and not flink.job_folders()


def test_a_job_does_its_work_and_leaves_nothing_but_its_facts(flink: Flink, jobs: Jobs) -> None:
    result = jobs.run("fine", "print")
    assert Path(result.outputs[0].uri).read_text() == COUNTS
    kept = jobs.properties(result.execution_id or 0)
    [facts] = json.loads(kept["headrace_flink_jobs"])
    assert facts["job_id"] == kept["headrace_flink_job_id"]
    assert facts["name"] == "beam_jobs/CountWords/fine"
    assert (facts["state"], facts["parallelism"]) == ("FINISHED", 2)
    assert flink.state(facts["job_id"]) == "FINISHED"
    assert "a harness has met wheel" in jobs.messages()
    [page] = [
        frame.detail
        for frame in jobs.frames
        if isinstance(frame, EventFrame) and frame.event == FLINK_JOB
    ]
    assert page == f"{flink.cluster.rest_url}/#/job/{facts['job_id']}/overview"
    assert nothing_is_left(flink)


def test_a_runner_argument_of_the_settings_is_heeded(jobs: Jobs) -> None:
    result = jobs.run("one-slot", "fine", "--parallelism=1")
    [facts] = json.loads(jobs.properties(result.execution_id or 0)["headrace_flink_jobs"])
    assert (facts["parallelism"], facts["harnesses"]) == (1, 1)


def test_what_beam_measures_of_itself_is_reported_when_asked_for(flink: Flink, jobs: Jobs) -> None:
    reported = {}
    for run, arguments in (("few", ()), ("all", ("--experiments=headrace_all_metrics",))):
        result = jobs.run(run, "fine", "--parallelism=1", *arguments)
        job_id = jobs.properties(result.execution_id or 0)["headrace_flink_job_id"]
        with JobApi(flink.cluster.rest_url) as api:
            reported[run] = api.accumulators(job_id)["__metricscontainers"]
    assert "beam:metric:user:sum_int64:v1" in reported["few"]
    assert "beam:metric:element_count:v1" not in reported["few"]
    assert "beam:metric:element_count:v1" in reported["all"]


def test_a_failing_function_is_named_with_its_line_first(flink: Flink, jobs: Jobs) -> None:
    with pytest.raises(JobFailed) as failed:
        jobs.run("failing", "fail")
    assert failed.value.message == f"node CountWords: {failing_line()}: {NO_MILL}"
    assert "org.apache.flink" not in "\n".join(jobs.messages())
    assert nothing_is_left(flink)


def test_a_job_of_little_data_is_one_stage_that_does_and_measures_the_same(jobs: Jobs) -> None:
    found = {}
    for run, argument in (("whole", SMALL), ("staged", "--parallelism=1")):
        result = jobs.run(run, "print", argument)
        assert Path(result.outputs[0].uri).read_text() == COUNTS
        [found[run]] = json.loads(jobs.properties(result.execution_id or 0)["headrace_flink_jobs"])
    assert found["whole"]["counters"] == found["staged"]["counters"] == {"words:met": 4}
    assert found["whole"]["distributions"] == found["staged"]["distributions"]
    assert found["whole"]["vertices"] <= 3 < found["staged"]["vertices"]
    assert jobs.messages().count("a harness has met wheel") == 2


def test_a_failing_function_is_named_with_its_line_in_a_single_stage_too(jobs: Jobs) -> None:
    with pytest.raises(JobFailed) as failed:
        jobs.run("failing-whole", "fail", SMALL)
    assert failed.value.message == f"node CountWords: {failing_line()}: {NO_MILL}"


def test_more_slots_than_there_are_is_refused_at_once(jobs: Jobs) -> None:
    with pytest.raises(JobFailed, match="asks for 9 slots, and the Flink cluster has 2"):
        jobs.run("large", "fine", "--parallelism=9")


@pytest.mark.parametrize("size", ["--parallelism=1", SMALL])
def test_a_cancelled_node_cancels_its_job(flink: Flink, jobs: Jobs, size: str) -> None:
    running = Running(jobs, "cancelled", "sleep", size)
    job_id = running.job_id()
    wait_until(flink.harnesses)
    jobs.client.cancel()
    assert isinstance(running.join(), JobFailed)
    wait_until(lambda: flink.state(job_id) == "CANCELED")
    wait_until(lambda: nothing_is_left(flink))


def test_a_killed_node_leaves_no_job_and_no_harness(flink: Flink, jobs: Jobs) -> None:
    running = Running(jobs, "killed", "sleep", "--parallelism=1")
    job_id = running.job_id()
    wait_until(flink.harnesses)
    assert owners.has_jobs(flink.settings.home, jobs.pid)
    os.kill(jobs.pid, signal.SIGKILL)
    assert isinstance(running.join(), JobKilled)
    wait_until(lambda: flink.state(job_id) == "CANCELED")
    wait_until(lambda: nothing_is_left(flink))
    assert not owners.has_jobs(flink.settings.home, jobs.pid)


def test_a_node_that_is_killed_while_it_submits_its_job_leaves_none(
    flink: Flink, jobs: Jobs
) -> None:
    running = Running(jobs, "killed-early", "sleep", "--parallelism=1")
    wait_until(lambda: owners.has_jobs(flink.settings.home, jobs.pid))
    os.kill(jobs.pid, signal.SIGKILL)
    assert isinstance(running.join(), JobKilled)
    wait_until(lambda: cancelling() or not owners.has_jobs(flink.settings.home, jobs.pid))
    wait_until(lambda: not cancelling())  # it comes again until the cluster knows the job
    assert flink.job_ids(jobs.name("killed-early")) == []
    wait_until(lambda: nothing_is_left(flink))


@pytest.mark.parametrize("size", ["--parallelism=1", SMALL])
def test_a_killed_harness_is_survived(flink: Flink, jobs: Jobs, size: str) -> None:
    running = Running(jobs, "harness-killed", "once", size)
    job_id = running.job_id()
    wait_until(flink.harnesses)
    wait_until(jobs.place.joinpath("marker").exists)
    [harness] = flink.harnesses()
    psutil.Process(harness).kill()
    assert running.join() is None
    assert flink.state(job_id) == "FINISHED"
    assert running.result is not None
    assert Path(running.result.outputs[0].uri).read_text() == COUNTS
    assert nothing_is_left(flink)


def test_a_harness_that_takes_too_much_memory_fails_its_job_with_that_reason(
    flink: Flink, jobs: Jobs
) -> None:
    with pytest.raises(HeadraceError, match=r"over its limit of 1\.0 GiB, and was killed"):
        jobs.run("greedy", "greedy", "--parallelism=1")
    wait_until(lambda: nothing_is_left(flink))
