"""A real Airflow, from up to down: runs, retries, crashes. The tests go in order and share it."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from headrace.errors import UsageError
from headrace.services import control
from headrace.services.identity import session_members
from headrace.services.instance import Instance, main_instance
from headrace.services.rest import AirflowApi
from headrace.services.state import ServiceState
from headrace.settings import load_settings
from tests.e2e.conftest import Platform

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def instance(small: Platform) -> Instance:
    return main_instance(load_settings(small.project, environ=small.environ))


@pytest.fixture(scope="module")
def up(small: Platform) -> str:
    completed = small.headrace("up")
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def state_of(instance: Instance) -> ServiceState:
    state = control.running(instance)
    assert state is not None
    return state


@pytest.fixture(scope="module")
def api(up: str, instance: Instance) -> Iterator[AirflowApi]:
    with control.api(instance, state_of(instance)) as client:
        yield client


def wait_until(condition: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.2)


def finish(api: AirflowApi, dag_id: str, run_id: str, **conf: object) -> dict[str, str]:
    api.trigger(dag_id, run_id, conf)
    wait_until(lambda: api.run(dag_id, run_id)["state"] in ("success", "failed"))
    return {task["task_id"]: task["state"] for task in api.tasks(dag_id, run_id)}


def test_up_says_how_to_log_in_and_names_what_is_broken(up: str, small: Platform) -> None:
    assert "http://127.0.0.1:" in up
    assert "admin" in up
    assert "tiny" in up
    assert f"{small.project / 'broken.py'}:3" in up


def test_a_second_up_says_it_is_up_already(up: str, small: Platform) -> None:
    again = small.headrace("up")
    assert again.returncode == 0
    assert "up already" in again.stdout


def test_status_shows_every_component(up: str, small: Platform) -> None:
    completed = small.headrace("status", "--json")
    found = json.loads(completed.stdout)
    assert (completed.returncode, found["airflow"]) == (0, "up")
    names = [part["name"] for part in found["components"]]
    assert names == ["api-server", "log-server", "scheduler", "dag-processor", "triggerer"]
    assert {part["state"] for part in found["components"]} == {"running"}


def test_servers_listen_on_the_loopback_interface_only(up: str, instance: Instance) -> None:
    pids = {item.pid for item in state_of(instance).processes()}
    family = [psutil.Process(pid) for pid in pids]
    family += [child for process in family for child in process.children(recursive=True)]
    listening = [
        connection.laddr.ip
        for process in family
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}


def test_a_broken_pipeline_shows_its_authors_line_in_airflow(
    api: AirflowApi, small: Platform
) -> None:
    [error] = api.import_errors()
    last = error["stack_trace"].strip().splitlines()
    assert any(f"{small.project / 'broken.py'}:3" in line and "NameError" in line for line in last)
    assert "headrace/ir" not in error["stack_trace"]


def test_a_run_succeeds_and_its_xcoms_are_the_nodes_results(api: AirflowApi) -> None:
    assert finish(api, "tiny", "good", word="hi", count=3) == {"Make": "success", "Use": "success"}
    result = api.result("tiny", "good", "Make")
    assert result is not None
    assert (result["state"], result["run_id"], result["cached"]) == ("COMPLETE", "good", False)
    [output] = result["outputs"]
    assert Path(output["uri"]).read_text() == "hi-0.5-" * 3
    assert result["peak_memory_bytes"] > 0


def test_the_nodes_log_is_in_the_task_log_once(api: AirflowApi) -> None:
    lines = api.log("tiny", "good", "Make", 1)
    assert len([line for line in lines if "making hi 3 times" in line]) == 1
    assert any(line.startswith("INFO") for line in lines)


def test_the_same_run_again_is_served_from_the_cache(api: AirflowApi) -> None:
    finish(api, "tiny", "again", word="hi", count=3)
    result = api.result("tiny", "again", "Make")
    assert result is not None
    assert (result["state"], result["cached"]) == ("CACHED", True)


def test_a_template_takes_its_value_from_the_run(api: AirflowApi) -> None:
    finish(api, "templated", "from_the_run")
    result = api.result("templated", "from_the_run", "Make")
    assert result is not None
    assert Path(result["outputs"][0]["uri"]).read_text() == "from_the_run-0.5-"


@pytest.mark.parametrize("conf", [{"count": "three"}, {"scale": "x"}, {"count": 1.5}])
def test_a_parameter_of_the_wrong_type_starts_no_run(api: AirflowApi, conf: dict) -> None:
    with pytest.raises(UsageError, match="is not of type"):
        api.trigger("tiny", "wrong", conf)


def test_a_parameter_that_does_not_exist_starts_no_demo(up: str, small: Platform) -> None:
    completed = small.headrace("demo", "--pipeline", "tiny", "--param", "wort=leaf")
    assert completed.returncode == 2
    assert "unknown parameter 'wort'" in completed.stderr
    assert "the parameters of tiny: count, " in completed.stderr


def test_a_failing_node_fails_its_task_with_the_authors_line(
    api: AirflowApi, small: Platform
) -> None:
    assert finish(api, "tiny", "bad", mode="raise") == {"Make": "success", "Use": "failed"}
    log = "\n".join(api.log("tiny", "bad", "Use", 1))
    assert f"{small.project / 'tiny.py'}:" in log
    assert "ValueError: the text is of the wrong kind" in log


def test_a_task_marked_failed_leaves_no_process(api: AirflowApi) -> None:
    api.trigger("tiny", "cancelled", {"mode": "spawn"})
    wait_until(lambda: _processes("sleep 602"))
    api.set_state("tiny", "cancelled", "Use", "failed")
    wait_until(lambda: not _processes("sleep 602") and not _processes("sleep 601"))
    wait_until(lambda: api.run("tiny", "cancelled")["state"] == "failed")


def test_a_try_goes_on_with_the_node_of_a_worker_that_died(
    api: AirflowApi, small: Platform, go_on: Path
) -> None:
    api.trigger("durable", "killed", {"mode": "wait", "word": "killed"})
    node = _waiting_node(api, "durable", "killed")
    [task] = [item for item in api.tasks("durable", "killed") if item["task_id"] == "Use"]
    assert psutil.pid_exists(node)
    os.kill(task["pid"], 9)
    wait_until(lambda: _task(api, "durable", "killed")["try_number"] == 2)
    wait_until(lambda: _task(api, "durable", "killed")["state"] == "running")
    go_on.touch()
    wait_until(lambda: api.run("durable", "killed")["state"] in ("success", "failed"))
    assert _task(api, "durable", "killed")["state"] == "success"
    # The second try tells again what the node had said to the first.
    assert f"waiting as {node}" in "\n".join(api.log("durable", "killed", "Use", 2))


def test_a_deferred_task_holds_no_slot_and_its_log_goes_on(api: AirflowApi, go_on: Path) -> None:
    api.trigger("deferrable", "patient", {"mode": "wait", "word": "patient"})
    wait_until(lambda: _task(api, "deferrable", "patient")["state"] == "deferred")
    go_on.touch()
    wait_until(lambda: api.run("deferrable", "patient")["state"] in ("success", "failed"))
    assert _task(api, "deferrable", "patient")["state"] == "success"
    result = api.result("deferrable", "patient", "Use")
    assert result is not None
    assert result["state"] == "COMPLETE"
    log = "\n".join(api.log("deferrable", "patient", "Use", 1))
    assert log.count("waiting as") == 1


def test_a_deferred_task_that_is_marked_failed_leaves_no_process(
    api: AirflowApi, go_on: Path
) -> None:
    api.trigger("deferrable", "ended", {"mode": "wait", "word": "ended"})
    node = _waiting_node(api, "deferrable", "ended")
    wait_until(lambda: "without a worker slot" in "\n".join(_log(api, "deferrable", "ended")))
    api.set_state("deferrable", "ended", "Use", "failed")
    wait_until(lambda: not psutil.pid_exists(node))


def test_nor_does_one_that_is_marked_before_the_triggerer_has_come(
    api: AirflowApi, go_on: Path
) -> None:
    """Airflow tells a trigger nothing that has not started; the node ends by itself."""
    api.trigger("deferrable", "early", {"mode": "wait", "word": "early"})
    node = _waiting_node(api, "deferrable", "early")
    wait_until(lambda: _task(api, "deferrable", "early")["state"] == "deferred")
    api.set_state("deferrable", "early", "Use", "failed")
    wait_until(lambda: not psutil.pid_exists(node))


@pytest.fixture
def go_on(small: Platform) -> Iterator[Path]:
    """The file that the waiting node waits for."""
    file = Path(small.environ["TINY_MARKER"])
    yield file
    file.unlink(missing_ok=True)


def _task(api: AirflowApi, dag_id: str, run_id: str) -> dict:
    return next(item for item in api.tasks(dag_id, run_id) if item["task_id"] == "Use")


def _log(api: AirflowApi, dag_id: str, run_id: str) -> list[str]:
    """Of the first try; empty before it has started."""
    return api.log(dag_id, run_id, "Use", 1) if _task(api, dag_id, run_id)["start_date"] else []


def _waiting_node(api: AirflowApi, dag_id: str, run_id: str) -> int:
    """The process of the node that waits."""
    said: list[str] = []

    def waits() -> bool:
        log = _log(api, dag_id, run_id)
        said[:] = [line.partition("waiting as ")[2] for line in log if "waiting as " in line]
        return bool(said)

    wait_until(waits)
    return int(said[0].split()[0])


def _processes(command: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if " ".join(process.cmdline()) == command:
                found.append(process.pid)
        except psutil.Error:
            pass
    return found


def test_a_killed_scheduler_is_started_again_and_runs_go_on(
    api: AirflowApi, instance: Instance
) -> None:
    before = state_of(instance).components["scheduler"].process
    os.kill(before.pid, 9)
    wait_until(lambda: state_of(instance).components["scheduler"].process != before)
    assert state_of(instance).components["scheduler"].restarts == 1
    assert finish(api, "tiny", "after_the_kill")["Use"] == "success"


def test_a_killed_supervisor_takes_all_with_it_status_tells_and_down_cleans_up(
    api: AirflowApi, small: Platform, instance: Instance
) -> None:
    state = state_of(instance)
    assert len(list(session_members(state.processes()))) > len(state.components)
    os.kill(state.supervisor.pid, 9)
    wait_until(lambda: not list(session_members(state.processes())))
    crashed = small.headrace("status", "--json")
    assert (crashed.returncode, json.loads(crashed.stdout)["airflow"]) == (1, "crashed")
    assert "bin/headrace up starts it again" in small.headrace("status").stdout
    assert small.headrace("down").returncode == 0
    assert [item for item in state.processes() if item.find()] == []
    assert json.loads(small.headrace("status", "--json").stdout)["airflow"] == "down"
    assert "not running" in small.headrace("down").stdout


def test_a_port_in_use_is_one_clear_error(api: AirflowApi, small: Platform) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        completed = small.headrace("up", "--port", str(port))
    assert completed.returncode == 2
    assert f"port {port} cannot be used" in completed.stderr
    assert "Traceback" not in completed.stderr
