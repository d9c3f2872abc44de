"""A real Airflow, from up to down: runs, retries, crashes. The tests go in order and share it."""

import json
import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import psutil
import pytest

from headrace.errors import UsageError
from headrace.launcher.jobs import RollbackResult
from headrace.services import control
from headrace.services.environment import USER, password
from headrace.services.identity import session_members
from headrace.services.instance import Instance, main_instance
from headrace.services.rest import AirflowApi
from headrace.services.rollback_event import announce_rollback
from headrace.services.state import ServiceState
from headrace.settings import load_settings
from tests.e2e.browser import DRIVER, Browser, browser
from tests.e2e.conftest import Platform
from tests.other_user import as_another_user, needs_root
from tests.processes import command_lines, spawned
from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.e2e

READING = """
for place in sys.argv[1:]:
    try:
        print("read", len(open(place).read()))
    except OSError as error:
        print(type(error).__name__)
"""


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


def _state(api: AirflowApi, dag_id: str, run_id: str, task_id: str) -> str | None:
    states = {task["task_id"]: task["state"] for task in api.tasks(dag_id, run_id)}
    return states.get(task_id)


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


def test_nobody_is_answered_without_the_password(up: str, instance: Instance) -> None:
    state = state_of(instance)
    url = state.url
    with httpx.Client(trust_env=False, timeout=30) as anyone:
        assert anyone.get(f"{url}/api/v2/dags").status_code == 401
        assert anyone.post(f"{url}/api/v2/dags/tiny/dagRuns", json={}).status_code == 401
        given = {"username": USER, "password": "hunter2"}
        assert anyone.post(f"{url}/auth/token", json=given).status_code == 401
        forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."}
        assert anyone.get(f"{url}/api/v2/dags", headers=forged).status_code in (401, 403)
        assert anyone.get(f"{url}/execution/variables/x", headers=forged).status_code in (401, 403)
    commands = [psutil.Process(item.pid).cmdline() for item in state.processes()]
    [server] = [command for command in commands if any("log_server" in part for part in command)]
    logs = server[server.index("--port") + 1]
    answer = httpx.get(f"http://127.0.0.1:{logs}/log/dag_id=tiny/x.log", trust_env=False)
    assert answer.status_code in (401, 403)


def test_secrets_are_in_no_process_list_no_status_and_no_file_of_others(
    up: str, instance: Instance, small: Platform
) -> None:
    made = json.loads(instance.secrets.read_text())
    secrets = [password(instance), *made.values()]
    said = [small.headrace("status", "--json").stdout, small.headrace("status").stdout]
    said.append(small.headrace("doctor").stdout)
    said += command_lines()
    assert not [text for text in said for secret in secrets if secret in text]
    for file in (instance.secrets, instance.passwords):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for directory in (instance.home, instance.logs):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@needs_root
def test_another_user_can_read_neither_airflows_files_nor_its_environment(
    up: str, instance: Instance
) -> None:
    pids = [item.pid for item in state_of(instance).processes()]
    files = [instance.secrets, instance.passwords, instance.home / "airflow.db"]
    places = [*files, *(f"/proc/{pid}/environ" for pid in pids)]
    said = as_another_user(READING, *places).communicate(timeout=LONG_SECONDS)[0].split()
    assert said == ["PermissionError"] * len(places)


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


def test_the_scheduler_starts_a_run_when_its_day_is_over(api: AirflowApi) -> None:
    """The last day that is; a midnight that passes meanwhile makes another run."""
    wait_until(lambda: "success" in _states(api, "scheduled"))
    run = next(one for one in _runs(api, "scheduled") if one["state"] == "success")
    assert run["run_type"] == "scheduled"
    day = run["data_interval_start"][:10]
    assert day < run["run_after"][:10]
    result = api.result("scheduled", run["dag_run_id"], "Make")
    assert result is not None
    assert Path(result["outputs"][0]["uri"]).read_text() == f"{day}-0.5-"


@pytest.mark.parametrize(
    ("answer", "becomes"), [("Approve", "success"), ("Reject", "skipped")], ids=str
)
def test_a_person_is_asked_before_a_node_and_decides(
    api: AirflowApi, answer: str, becomes: str
) -> None:
    run = f"asked-{answer}"
    api.trigger("approved", run, {"word": "hi", "count": 3})
    path = f"/api/v2/dags/approved/dagRuns/{run}/taskInstances/approve_Use/-1/hitlDetails"
    wait_until(lambda: api._request("GET", path).is_success)
    form = api._request("GET", path).json()
    assert "- String" in form["body"], "what the node would run on"
    wait_until(
        lambda: _state(api, "approved", run, "approve_Use") in ("awaiting_input", "deferred")
    )
    # A person takes longer. Airflow fails a task that is resumed while its process is still ending.
    time.sleep(3)
    wait_until(lambda: api._request("PATCH", path, json={"chosen_options": [answer]}).is_success)
    wait_until(lambda: api.run("approved", run)["state"] in ("success", "failed"))
    tasks = {task["task_id"]: task["state"] for task in api.tasks("approved", run)}
    assert tasks == {"Make": "success", "approve_Use": "success", "Use": becomes}


@pytest.mark.parametrize("conf", [{"count": "three"}, {"scale": "x"}, {"count": 1.5}])
def test_a_parameter_of_the_wrong_type_starts_no_run(api: AirflowApi, conf: dict) -> None:
    with pytest.raises(UsageError, match="is not of type"):
        api.trigger("tiny", "wrong", conf)


@pytest.fixture(scope="module")
def person(up: str, instance: Instance) -> Iterator[Browser]:
    if DRIVER is None:
        pytest.skip("there is no chromedriver: apt-get install chromium-driver")
    with browser(state_of(instance).url) as found:
        found.log_in(USER, password(instance))
        yield found


def open_form(person: Browser) -> None:
    person.open("/dags/tiny")
    person.choose("trigger-dag-button", "trigger", opens="trigger-dag-submit")


def test_a_person_fills_in_the_form_and_follows_the_run(person: Browser, api: AirflowApi) -> None:
    open_form(person)
    person.fill("element_word", "by hand")
    person.fill("element_count", "3")
    person.by_test_id("trigger-dag-submit").click()
    person.until(lambda: "/dags/tiny/runs/" in person.path)
    run_id = unquote(person.path.split("/runs/")[1].split("/")[0].split("?")[0])
    person.until(lambda: "Success" in person.by_test_id("state-badge").text)
    assert {"Make", "Use"} <= set(person.text.split())
    result = api.result("tiny", run_id, "Make")
    assert result is not None
    assert Path(result["outputs"][0]["uri"]).read_text() == "by hand-0.5-" * 3


def test_a_wrong_parameter_is_refused_in_the_form(person: Browser, api: AirflowApi) -> None:
    before = len(api.runs("tiny"))
    open_form(person)
    person.fill("element_count", "1.5")
    person.by_test_id("trigger-dag-submit").click()
    said = person.until(lambda: person.by_test_id("error-alert").text)
    assert "count: 1.5 is not of type 'integer'" in said
    assert len(api.runs("tiny")) == before


def test_a_dag_that_does_not_exist_starts_no_demo(up: str, small: Platform) -> None:
    completed = small.headrace("demo", "--pipeline", "puffins")
    assert completed.returncode == 2
    assert "there is no DAG 'puffins'" in completed.stderr
    assert "Traceback" not in completed.stderr


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


def _mark_failed(api: AirflowApi, run_id: str) -> None:
    api.set_state("tiny", run_id, "Use", "failed")


def _delete_run(api: AirflowApi, run_id: str) -> None:
    path = f"/api/v2/dags/tiny/dagRuns/{run_id}"
    # Airflow deletes no run that is going on.
    assert api._request("PATCH", path, json={"state": "failed"}).is_success
    assert api._request("DELETE", path).is_success


def _end_worker(api: AirflowApi, run_id: str) -> None:
    worker = psutil.Process(_task(api, "tiny", run_id)["pid"]).parent()
    assert worker is not None
    worker.terminate()


@pytest.mark.parametrize("end", [_mark_failed, _delete_run, _end_worker])
def test_a_task_that_is_ended_leaves_no_process_and_its_execution_is_cancelled(
    api: AirflowApi, small: Platform, end: Callable[[AirflowApi, str], None]
) -> None:
    run_id = f"ended_by{end.__name__}"
    api.trigger("tiny", run_id, {"mode": "spawn"})
    wait_until(lambda: len(spawned(small.home)) == 2)
    end(api, run_id)
    wait_until(lambda: not spawned(small.home))
    wait_until(lambda: _node_states(small, run_id) == {"Make": "complete", "Use": "canceled"})


def _node_states(small: Platform, run_id: str) -> dict[str, str]:
    """In the metadata store."""
    shown = json.loads(small.headrace("show", run_id, "--json").stdout)
    # What the cache served is as good as what has run.
    return {
        item["node_id"]: item["state"].replace("cached", "complete") for item in shown["executions"]
    }


def test_what_was_edited_runs_again_where_its_task_is_cleared(
    api: AirflowApi, small: Platform
) -> None:
    source = small.project / "tiny.py"
    text = source.read_text()
    finish(api, "tiny", "cleared", word="cleared")
    first = api.result("tiny", "cleared", "Make")
    try:
        _clear(api, "tiny", "cleared", ["Make", "Use"])
        unchanged = api.result("tiny", "cleared", "Make")
        source.write_text(text.replace("text.value = f", "text.value = 'edited ' + f"))
        _clear(api, "tiny", "cleared", ["Make", "Use"])
        edited = api.result("tiny", "cleared", "Make")
    finally:
        source.write_text(text)
    assert first is not None
    assert unchanged is not None
    assert edited is not None
    assert (unchanged["cached"], unchanged["outputs"]) == (True, first["outputs"])
    assert not edited["cached"]
    assert Path(edited["outputs"][0]["uri"]).read_text() == "edited cleared-0.5-cleared-0.5-"
    shown = json.loads(small.headrace("show", "cleared", "--json").stdout)
    nodes = {item["node_id"]: item for item in shown["executions"]}
    assert nodes["Make"]["execution_id"] == edited["execution_id"]
    assert "changed since" in nodes["Use"]["cache"], "what reads it has run again"


def _clear(api: AirflowApi, dag_id: str, run_id: str, tasks: list[str]) -> None:
    """As a person does in the grid; waits until the run is over again."""
    body = {"dry_run": False, "dag_run_id": run_id, "task_ids": tasks, "only_failed": False}
    path = f"/api/v2/dags/{dag_id}/clearTaskInstances"
    assert api._request("POST", path, json=body).is_success
    wait_until(lambda: api.run(dag_id, run_id)["state"] in ("success", "failed"))
    assert api.run(dag_id, run_id)["state"] == "success"


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


def _runs(api: AirflowApi, dag_id: str) -> list[dict]:
    return api._all(f"/api/v2/dags/{dag_id}/dagRuns", "dag_runs")


def _states(api: AirflowApi, dag_id: str) -> list[str]:
    return [run["state"] for run in _runs(api, dag_id)]


def test_a_backfill_runs_day_by_day_each_with_its_own_span(
    api: AirflowApi, small: Platform
) -> None:
    begun = small.headrace("backfill", "daily", "2013-01-01", "20130102")
    assert begun.returncode == 0, begun.stderr
    assert begun.stdout.startswith("backfill 1 of daily has begun, 1 at once\n")
    wait_until(lambda: _states(api, "daily") == ["success", "success"])
    earlier, later = sorted(_runs(api, "daily"), key=lambda run: run["run_after"])
    assert earlier["end_date"] <= later["start_date"]
    windows = {}
    for run in _runs(api, "daily"):
        results = [
            api.result("daily", run["dag_run_id"], it) for it in ("ColumnarExampleGen", "Push")
        ]
        span, window = (result["asset"] for result in results if result)
        windows[run["data_interval_start"][:10]] = (span["span"], window["version"])
    assert windows == {"2013-01-01": (15706, "15706"), "2013-01-02": (15707, "15706-15707")}


def _backfills_are_over(api: AirflowApi, dag_id: str) -> bool:
    """As Airflow sees it, which looks every 30 s; before that it begins no other one of the DAG."""
    found = api._all("/api/v2/backfills", "backfills", dag_id=dag_id)
    return all(backfill["completed_at"] for backfill in found)


def test_the_same_backfill_again_executes_nothing(api: AirflowApi, small: Platform) -> None:
    wait_until(lambda: _backfills_are_over(api, "daily"))
    before = {run["dag_run_id"]: run["start_date"] for run in _runs(api, "daily")}
    written = {run: _written(api, run) for run in before}
    begun = small.headrace("backfill", "daily", "2013-01-01", "2013-01-02", "--again")
    assert begun.returncode == 0, begun.stderr

    def ran_again() -> bool:
        runs = _runs(api, "daily")
        return {run["state"] for run in runs} == {"success"} and all(
            run["start_date"] != before[run["dag_run_id"]] for run in runs
        )

    wait_until(ran_again)
    for run, known in written.items():
        told_of_nothing = [(True, outputs, {}) for _, outputs, _ in known]
        assert _written(api, run) == told_of_nothing


def _written(api: AirflowApi, run: str) -> list[tuple[bool, list[dict], dict]]:
    """Of the nodes that write: whether from the cache, what, and what was told of as an asset."""
    results = [api.result("daily", run, task) for task in ("ColumnarExampleGen", "Push")]
    return [(result["cached"], result["outputs"], result["asset"]) for result in results if result]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing", "20130101", "20130102"), "Airflow has no DAG nothing"),
        (("daily", "20130102", "20130101"), "the last day, 2013-01-01, is before the first"),
        (("tiny", "20130101", "20130102"), "Airflow refuses a backfill of tiny: "),
    ],
)
def test_a_backfill_that_cannot_be_is_refused(
    api: AirflowApi, small: Platform, arguments: tuple[str, ...], message: str
) -> None:
    refused = small.headrace("backfill", *arguments)
    assert refused.returncode == 2
    assert message in refused.stderr


def test_spans_that_arrive_start_a_run_each_and_a_push_starts_the_next_dag(
    api: AirflowApi, small: Platform
) -> None:
    for day in ("20130104", "20130103"):
        aside = small.project / f".{day}"
        aside.mkdir()
        (aside / "rows.csv").write_text("a,b\n1,2\n3,4\n")
        aside.rename(small.project / "arriving" / day)
    wait_until(lambda: _states(api, "on_arrival") == ["success", "success"])
    runs = sorted(_runs(api, "on_arrival"), key=lambda run: run["start_date"])
    assert [run["partition_key"] for run in runs] == ["20130103", "20130104"]
    [first, second] = [api.result("on_arrival", run["dag_run_id"], "Push") for run in runs]
    assert first is not None
    assert second is not None
    assert [first["asset"]["version"], second["asset"]["version"]] == ["15707-15708", "15708-15709"]
    wait_until(lambda: _states(api, "after_push") == ["success"] * 4)
    [asset] = api._get("/api/v2/assets", name_pattern="spanned.pushed_model")["assets"]
    events = api._get("/api/v2/assets/events", asset_id=asset["id"])["asset_events"]
    told = {event["partition_key"]: event["extra"] for event in events}
    assert set(told) == {"20130101", "20130102", "20130103", "20130104"}
    assert told["20130104"]["uri"] == "/serving/spanned"
    assert told["20130104"]["version"] == "15708-15709"


def test_an_event_from_outside_starts_a_run_which_is_cached_where_the_span_is_known(
    api: AirflowApi,
) -> None:
    [asset] = api._get("/api/v2/assets", name_pattern="spanned.raw_data")["assets"]
    body = {"asset_id": asset["id"], "partition_key": "20130102", "extra": {"by": "a test"}}
    api._check(api._request("POST", "/api/v2/assets/events", json=body))
    wait_until(lambda: _states(api, "on_arrival") == ["success"] * 3)
    [run] = [one for one in _runs(api, "on_arrival") if one["partition_key"] == "20130102"]
    for task in ("ColumnarExampleGen", "Push"):
        result = api.result("on_arrival", run["dag_run_id"], task)
        assert result is not None
        assert (result["state"], result["asset"]) == ("CACHED", {})


def test_spans_that_a_triggerer_tells_of_again_are_announced_once(api: AirflowApi) -> None:
    """As one does that was started again."""
    [asset] = api._get("/api/v2/assets", name_pattern="spanned.arrivals")["assets"]
    extra = {"from_trigger": True, "payload": {"spans": ["20130103", "20130104"]}}
    body = {"asset_id": asset["id"], "extra": extra}
    before = _runs(api, "spanned_arrivals")
    api._check(api._request("POST", "/api/v2/assets/events", json=body))
    wait_until(lambda: _states(api, "spanned_arrivals") == ["success"] * (len(before) + 1))
    states = [
        api.tasks("spanned_arrivals", run["dag_run_id"])[0]["state"]
        for run in _runs(api, "spanned_arrivals")
    ]
    assert sorted(states) == ["skipped", *["success"] * len(before)]
    assert len(_runs(api, "on_arrival")) == 3


def test_a_rollback_is_an_event_of_its_pipelines_pushed_model(
    api: AirflowApi, instance: Instance
) -> None:
    facts = {"pushed": True, "uri": "/serving/spanned/3", "version": "3", "span": 15340}
    done = RollbackResult("rollback-1", 9, 3, "/models/3", 5, 8, "/serving/spanned/3", "3", facts)
    assert announce_rollback(instance.settings, "spanned", done) == ""
    # Airflow 3.3 answers 500 to who reads an event whose run is made and has not begun.
    wait_until(lambda: _states(api, "after_push") == ["success"] * 5)
    asset = api.asset("spanned.pushed_model")
    events = api._get("/api/v2/assets/events", asset_id=asset)["asset_events"]
    [extra] = [one["extra"] for one in events if one["partition_key"] == "20120101"]
    assert (extra["node"], extra["run_id"], extra["version"]) == ("rollback", "rollback-1", "3")
    untold = announce_rollback(instance.settings, "nobodys", done)
    assert untold == "no DAG in Airflow has the asset nobodys.pushed_model"


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
