import os
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.flink.paths import flink_paths
from headrace.flink.rest import FlinkUnreachable
from headrace.flink.state import ClusterState, NoCluster, current_cluster
from headrace.services.identity import ProcessIdentity
from headrace.services.state import ComponentState, Phase, ServiceState, write_state
from headrace.settings import Settings
from headrace.settings.flink import FlinkSettings

CLUSTER = ClusterState(
    rest_url="http://127.0.0.1:8081",
    slots=4,
    task_managers=2,
    worker_pool="127.0.0.1:50000",
    flink_version="1.19.3",
    jobs_directory="/jobs",
    resident_jar=True,
    runner_jar="/runner.jar",
    logs="/logs",
)
MANAGER = ProcessIdentity(7, 1.5)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / ".headrace", tmp_path / "python")


def described(phase: Phase, supervisor: ProcessIdentity | None = None) -> ServiceState:
    return ServiceState(
        supervisor or ProcessIdentity.of(os.getpid()),
        8081,
        phase,
        "too little memory" if phase is Phase.FAILED else "",
        components={"jobmanager": ComponentState(MANAGER)},
        details=CLUSTER.as_details(),
    )


def test_a_started_cluster_is_found_with_its_processes(settings: Settings) -> None:
    path = flink_paths(settings).state
    write_state(path, described(Phase.RUNNING))
    assert current_cluster(settings) == replace(CLUSTER, processes={"jobmanager": MANAGER})
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_a_cluster_the_message_says_how_to_get_one(settings: Settings) -> None:
    with pytest.raises(NoCluster, match=r"bin/headrace flink up.*flink_master"):
        current_cluster(settings)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (described(Phase.RUNNING, ProcessIdentity(1, -5.0)), "has crashed"),
        (described(Phase.STARTING), "not up yet"),
        (described(Phase.FAILED), "too little memory"),
        (replace(described(Phase.RUNNING), details={"rest": 1}), "another version of headrace"),
    ],
)
def test_a_cluster_that_takes_no_job_is_none(
    settings: Settings, state: ServiceState, said: str
) -> None:
    write_state(flink_paths(settings).state, state)
    with pytest.raises(NoCluster, match=said):
        current_cluster(settings)


def test_a_named_cluster_that_is_not_there_is_named_without_its_password(
    settings: Settings,
) -> None:
    named = replace(settings, flink=FlinkSettings(master="http://me:secret@127.0.0.1:1"))
    with pytest.raises(FlinkUnreachable, match="flink_master") as caught:
        current_cluster(named)
    assert "127.0.0.1:1" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_jobs_page_is_where_browsers_find_it() -> None:
    inside = replace(CLUSTER, rest_url="http://me:secret@jobmanager:8081")
    assert inside.job_page("1f") == "http://****@jobmanager:8081/#/job/1f/overview"
    outside = replace(inside, web_url="http://localhost:9081")
    assert outside.job_page("1f") == "http://localhost:9081/#/job/1f/overview"
