import os
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.flink.describe import describe
from headrace.flink.paths import flink_paths
from headrace.services.identity import ProcessIdentity
from headrace.services.state import ComponentState, Phase, ServiceState, write_state
from headrace.settings import Settings
from headrace.settings.flink import FlinkSettings

ENDED = ProcessIdentity(1, -5.0)
DETAILS = {
    "rest_url": "http://127.0.0.1:1",
    "slots": 2,
    "task_managers": 1,
    "worker_pool": "127.0.0.1:2",
    "flink_version": "1.19.3",
    "logs": "/logs",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / ".headrace", tmp_path / "python")


@pytest.fixture
def starting() -> ServiceState:
    return ServiceState(
        ProcessIdentity.of(os.getpid()),
        1,
        Phase.STARTING,
        "waiting for the JobManager",
        components={"jobmanager": ComponentState(ENDED, restarts=1, trouble="ended with 1")},
        details=DETAILS,
    )


def test_nothing_started_is_down(settings: Settings) -> None:
    found = describe(settings)
    assert (found["state"], found["slots"], found["components"]) == (
        "down",
        {"total": 0, "free": 0},
        [],
    )


def test_a_starting_cluster_says_what_it_waits_for(
    settings: Settings, starting: ServiceState
) -> None:
    write_state(flink_paths(settings).state, starting)
    found = describe(settings)
    assert (found["state"], found["url"]) == ("starting", "http://127.0.0.1:1")
    (manager,) = found["components"]
    assert (manager["name"], manager["state"], manager["restarts"]) == ("jobmanager", "dead", 1)


def test_a_cluster_that_does_not_answer_is_unhealthy(
    settings: Settings, starting: ServiceState
) -> None:
    write_state(flink_paths(settings).state, replace(starting, phase=Phase.RUNNING))
    found = describe(settings)
    assert found["state"] == "unhealthy"
    assert "does not answer" in found["message"]


def test_a_dead_supervisor_is_a_crash(settings: Settings, starting: ServiceState) -> None:
    write_state(flink_paths(settings).state, replace(starting, supervisor=ENDED))
    assert describe(settings)["state"] == "crashed"


def test_a_named_cluster_that_does_not_answer_is_unreachable(settings: Settings) -> None:
    named = replace(settings, flink=FlinkSettings(master="http://me:secret@127.0.0.1:1"))
    found = describe(named)
    assert found["state"] == "unreachable"
    assert "secret" not in str(found)
