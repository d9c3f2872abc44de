"""Airflow and Flink, brought up and down together."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from headrace.services.identity import wait_until_gone
from headrace.services.instance import main_instance
from headrace.services.state import ServiceState, read_state
from headrace.settings import load_settings
from tests.e2e.conftest import Platform, platform_of

pytestmark = pytest.mark.e2e
SMALL = "taskmanager.memory.network.min=64m taskmanager.memory.network.max=64m"


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, flink_environ: dict[str, str]
) -> Iterator[Platform]:
    """A project without DAGs, whose jobs go to Flink."""
    project = tmp_path_factory.mktemp("both")
    (project / "dags").mkdir()
    (project / "headrace.toml").write_text('[flink]\nslots = 1\noptions = "' + SMALL + '"\n')
    platform = platform_of(project, project / ".headrace")
    platform.environ.update(flink_environ)
    up = platform.headrace("up", "--runner", "flink")
    try:
        assert up.returncode == 0, up.stderr
        yield platform
    finally:
        platform.headrace("down")


def flink_state(platform: Platform) -> ServiceState | None:
    return read_state(platform.home / "run" / "flink.json")


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
