"""A real cluster: started, looked at, damaged and stopped."""

import json
import os
import signal
import socket

import httpx
import psutil
import pytest

from headrace.services.identity import session_members, wait_until_gone
from tests.integration.flink.conftest import Cluster
from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.integration


def listening(process: psutil.Process) -> set[str]:
    connections = process.net_connections("tcp")
    return {item.laddr.ip for item in connections if item.status == psutil.CONN_LISTEN}


def test_status_shows_slots_and_memory_and_a_second_up_says_so(cluster: Cluster) -> None:
    found = json.loads(cluster.headrace("flink", "status", "--json").stdout)
    assert found["state"] == "up"
    assert found["slots"] == {"total": 2, "free": 2}
    assert found["version"].startswith("1.19.")
    assert [part["name"] for part in found["components"]] == [
        "jobmanager",
        "taskmanager-1",
        "worker-pool",
    ]
    assert all(part["memory_bytes"] > 10_000_000 for part in found["components"])
    again = cluster.headrace("flink", "up")
    assert again.returncode == 0
    assert "Flink is up already" in again.stdout
    assert found["url"] in again.stdout
    for_people = cluster.headrace("flink", "status")
    assert for_people.returncode == 0
    assert "2 free of 2" in for_people.stdout


def test_flink_listens_on_the_loopback_interface_only(cluster: Cluster) -> None:
    for name in ("jobmanager", "taskmanager-1"):
        process = cluster.state.components[name].process.find()
        assert process is not None
        addresses = listening(process)
        assert addresses
        assert {address.removeprefix("::ffff:") for address in addresses} == {"127.0.0.1"}


def test_what_a_start_writes_is_its_owners_only(cluster: Cluster) -> None:
    (start,) = cluster.paths.starts.iterdir()
    assert start.stat().st_mode & 0o777 == 0o700
    assert cluster.paths.state.stat().st_mode & 0o777 == 0o600
    assert "HEADRACE_FLINK_OPTIONS" not in (start / "service.json").read_text()


def task_managers(cluster: Cluster) -> set[str]:
    """Flink's ids of those that the JobManager takes for alive, which it does for some seconds."""
    answer = httpx.get(f"{cluster.state.details['rest_url']}/taskmanagers", timeout=30)
    return {item["id"] for item in answer.json()["taskmanagers"]}


def test_killed_parts_come_back_and_the_cluster_with_them(cluster: Cluster) -> None:
    before, lost = cluster.state.components, task_managers(cluster)
    for name in ("taskmanager-1", "worker-pool"):
        os.kill(before[name].process.pid, signal.SIGKILL)
    wait_until(lambda: cluster.state.components["taskmanager-1"].restarts == 1)
    wait_until(lambda: cluster.state.components["worker-pool"].restarts == 1)
    wait_until(lambda: (found := task_managers(cluster)) and not found & lost)
    assert cluster.status()["state"] == "up"
    assert cluster.status()["slots"] == {"total": 2, "free": 2}


def test_a_killed_job_manager_comes_back_with_its_task_managers(cluster: Cluster) -> None:
    before = cluster.state.components
    restarts = before["taskmanager-1"].restarts
    os.kill(before["jobmanager"].process.pid, signal.SIGKILL)
    wait_until(lambda: cluster.state.components["jobmanager"].restarts == 1)
    wait_until(lambda: cluster.status()["state"] == "up")
    # They would have looked for the lost one until a time-out, with the tasks of its jobs.
    assert cluster.state.components["taskmanager-1"].restarts == restarts + 1
    assert cluster.state.components["worker-pool"].process == before["worker-pool"].process
    assert cluster.status()["slots"] == {"total": 2, "free": 2}


def test_a_cluster_that_runs_already_is_used_as_it_is(cluster: Cluster, stopped: Cluster) -> None:
    url = cluster.status()["url"]
    named = {"HEADRACE_FLINK_MASTER": url, "HEADRACE_FLINK_WORKER_POOL": "127.0.0.1:5"}
    up = stopped.headrace("flink", "up", **named)
    assert up.returncode == 0, up.stderr
    assert "nothing was started" in up.stdout
    assert f"{url}\n" in up.stdout
    assert "127.0.0.1:5" in up.stdout
    assert not stopped.paths.state.exists()
    status = stopped.headrace("flink", "status", **named)
    assert status.returncode == 0
    assert "2 free of 2" in status.stdout


def test_a_killed_supervisor_takes_all_with_it_and_down_leaves_nothing(stopped: Cluster) -> None:
    assert stopped.headrace("flink", "up").returncode == 0
    state = stopped.state
    os.kill(state.supervisor.pid, signal.SIGKILL)
    for process in state.processes():
        assert wait_until_gone(process, LONG_SECONDS)
    wait_until(lambda: not list(session_members(state.processes())))
    status = stopped.headrace("flink", "status")
    assert status.returncode == 1
    assert "crashed" in status.stdout
    down = stopped.headrace("flink", "down")
    assert down.returncode == 0
    assert not stopped.paths.state.exists()
    assert not stopped.paths.starts.exists()
    assert "was not running" in stopped.headrace("flink", "down").stdout


def test_a_port_in_use_is_one_clear_error(stopped: Cluster) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        up = stopped.headrace("flink", "up", "--port", str(port))
    assert up.returncode == 2
    assert f"port {port} cannot be used" in up.stderr
    assert "Traceback" not in up.stderr
    assert not stopped.paths.state.exists()


def test_sizes_that_contradict_each_other_are_said_in_flinks_words(stopped: Cluster) -> None:
    options = "taskmanager.memory.process.size=100m"
    up = stopped.headrace("flink", "up", HEADRACE_FLINK_OPTIONS=options)
    assert up.returncode == 2
    assert "configuration of the taskmanager cannot be" in up.stderr
    assert "Exception" not in up.stderr
    assert not stopped.paths.state.exists()
    assert not stopped.paths.starts.exists()


def test_a_process_that_does_not_start_is_named_with_its_last_words(stopped: Cluster) -> None:
    up = stopped.headrace("flink", "up", "-D", "env.java.opts.jobmanager=-XX:+NoSuchFlag")
    assert up.returncode == 1
    assert "Flink's jobmanager does not stay up" in up.stderr
    assert "NoSuchFlag" in up.stderr
    assert not stopped.paths.state.exists()
