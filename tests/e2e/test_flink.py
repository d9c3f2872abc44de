"""Airflow and Flink, brought up and down together. The tests go in order and share both."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from headrace.flink.job_api import ENDED
from headrace.flink.rest import FlinkApi, Job
from headrace.flink.state import current_cluster
from headrace.services import control
from headrace.services.identity import wait_until_gone
from headrace.services.instance import main_instance
from headrace.services.rest import AirflowApi
from headrace.services.state import ServiceState, read_state
from headrace.settings import load_settings
from tests.e2e.conftest import REPOSITORY, Platform, platform_of
from tests.waiting import wait_until

pytestmark = pytest.mark.e2e
SMALL = "taskmanager.memory.network.min=64m taskmanager.memory.network.max=64m"
NODE = "CountWords"
DURABLE = """
from datetime import timedelta

from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "beam_jobs.py:create_pipeline",
    dag_id="durable",
    default_args={"retries": 1, "retry_delay": timedelta(seconds=1)},
)
"""
DEFERRABLE = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "beam_jobs.py:create_pipeline",
    dag_id="deferrable",
    deferrable=True,
    default_args={"retries": 0},
)
"""


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, flink_environ: dict[str, str]
) -> Iterator[Platform]:
    """A project whose jobs go to Flink, and wait there until a file is removed."""
    project = tmp_path_factory.mktemp("both")
    (project / "dags").mkdir()
    source = REPOSITORY / "tests" / "data" / "pipelines" / "beam_jobs.py"
    (project / "beam_jobs.py").write_text(source.read_text())
    (project / "dags" / "durable.py").write_text(DURABLE)
    (project / "dags" / "deferrable.py").write_text(DEFERRABLE)
    # Runs name a file of the project that their jobs wait for.
    opened = 'parameter_roots = ["."]\n'
    (project / "headrace.toml").write_text(
        opened + '[flink]\nslots = 1\noptions = "' + SMALL + '"\n'
    )
    platform = platform_of(project, project / ".headrace")
    platform.environ.update(flink_environ)
    platform.environ["HEADRACE_LAUNCHER_HANDOVER_SECONDS"] = "30"
    up = platform.headrace("up", "--runner", "flink")
    try:
        assert up.returncode == 0, up.stderr
        yield platform
    finally:
        platform.headrace("down")


def flink_state(platform: Platform) -> ServiceState | None:
    return read_state(platform.home / "run" / "flink.json")


@pytest.fixture(scope="module")
def api(both: Platform) -> Iterator[AirflowApi]:
    instance = main_instance(load_settings(both.project, both.environ))
    state = control.running(instance)
    assert state is not None
    with control.api(instance, state) as client:
        yield client


class Waiting:
    """A DAG run whose Flink job has started, and goes on once ``finish`` is called."""

    def __init__(self, both: Platform, api: AirflowApi, dag_id: str, run_id: str) -> None:
        self._both, self._api, self._dag, self._run = both, api, dag_id, run_id
        self._marker = both.project / run_id
        api.trigger(dag_id, run_id, {"mode": "until", "marker": str(self._marker)})
        wait_until(self._marker.exists)

    def task(self) -> dict[str, Any]:
        [found] = self._api.tasks(self._dag, self._run)
        return found

    def log(self, number: int = 1) -> str:
        return "\n".join(self._api.log(self._dag, self._run, NODE, number))

    def link(self) -> str:
        found = self._api.extra_links(self._dag, self._run, NODE)
        return str(found["Flink job"])

    def job(self) -> Job:
        """The only one that this run has had."""
        run = self._run if self._dag == "beam_jobs" else f"{self._dag}.{self._run}"
        cluster = current_cluster(load_settings(self._both.project, self._both.environ))
        with FlinkApi(cluster.rest_url) as flink:
            [found] = [job for job in flink.jobs() if job.name == f"beam_jobs/{NODE}/{run}"]
        return found

    def finish(self) -> None:
        self._marker.unlink()
        wait_until(lambda: self._api.run(self._dag, self._run)["state"] in ("success", "failed"))


def test_a_try_goes_on_with_the_flink_job_of_a_worker_that_died(
    both: Platform, api: AirflowApi
) -> None:
    waiting = Waiting(both, api, "durable", "killed")
    job = waiting.job()
    wait_until(lambda: "vertices finished" in waiting.log())
    assert waiting.link().endswith(f"/#/job/{job.job_id}/overview")
    os.kill(waiting.task()["pid"], signal.SIGKILL)
    wait_until(lambda: waiting.task()["try_number"] == 2)
    wait_until(lambda: waiting.task()["state"] == "running")
    waiting.finish()
    assert waiting.task()["state"] == "success"
    assert (waiting.job().job_id, waiting.job().state) == (job.job_id, "FINISHED")
    assert job.job_id in waiting.log(2)
    assert waiting.link().endswith(f"/#/job/{job.job_id}/overview")


def test_a_deferred_task_holds_no_slot_while_its_flink_job_runs(
    both: Platform, api: AirflowApi
) -> None:
    waiting = Waiting(both, api, "deferrable", "patient")
    wait_until(lambda: waiting.task()["state"] == "deferred")
    assert waiting.job().state == "RUNNING"
    waiting.finish()
    assert waiting.task()["state"] == "success"
    assert waiting.job().state == "FINISHED"
    assert waiting.log().count(" started, parallelism ") == 1


def test_a_task_that_a_person_ends_cancels_its_flink_job(both: Platform, api: AirflowApi) -> None:
    waiting = Waiting(both, api, "durable", "ended")
    api.set_state("durable", "ended", NODE, "failed")
    wait_until(lambda: waiting.job().state in ENDED)
    assert waiting.job().state == "CANCELED"


def test_status_shows_both_and_a_crashed_flink_is_told(both: Platform) -> None:
    status = both.headrace("status", "--json")
    found = json.loads(status.stdout)
    assert (found["airflow"], found["flink"]["state"]) == ("up", "up")
    assert status.returncode == 0
    state = flink_state(both)
    assert state is not None
    os.kill(state.supervisor.pid, signal.SIGKILL)
    for process in (state.supervisor, *state.processes()):
        assert wait_until_gone(process, 60)
    crashed = both.headrace("status")
    assert crashed.returncode == 1
    assert "Flink     crashed" in crashed.stdout
    assert "Airflow   up" in crashed.stdout


def test_a_second_up_brings_back_what_has_crashed_and_down_stops_both(both: Platform) -> None:
    again = both.headrace("up")
    assert again.returncode == 0, again.stderr
    assert "Airflow is up already" in again.stdout
    airflow = read_state(main_instance(load_settings(both.project, both.environ)).state)
    flink = flink_state(both)
    assert airflow is not None
    assert flink is not None
    assert f"Flink        {flink.url}" in again.stdout
    refused = both.headrace("up", "--runner", "direct")
    assert refused.returncode == 2
    assert "with runner flink" in refused.stderr
    down = both.headrace("down")
    assert "Airflow stopped\nFlink stopped\n" in down.stdout
    for process in (*airflow.processes(), *flink.processes()):
        assert wait_until_gone(process, 10)
    assert not (both.home / "flink" / "starts").exists()
