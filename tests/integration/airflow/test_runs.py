"""Runs of small DAGs in one process, by Airflow's own ``dag.test()``; a scheduler's are in e2e."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.integration.airflow.conftest import RUN, AirflowHome
from tests.processes import spawned
from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.integration

TINY = '"tiny.py:create_pipeline"'


def runs_in(store: Path) -> set[str]:
    with sqlite3.connect(store) as connection:
        names = connection.execute("SELECT name FROM Context").fetchall()
    return {name for (name,) in names}


def test_a_run_takes_its_parameters_from_the_trigger_and_logs_each_line_once(
    airflow: AirflowHome,
) -> None:
    ran = airflow.run(airflow.dag_file("good", TINY), {"word": "hey", "count": 3, "scale": 1})
    assert ran["state"] == "success"
    assert ran["tasks"] == {"Make": "success", "Use": "success"}
    # The log's own copy of the print, not the source line or anything that quotes it.
    assert ran["log"].count("making hey 3 times") == 1
    assert "Make COMPLETE, execution" in ran["log"]


def test_a_dag_file_chooses_the_keras_of_its_tasks(airflow: AirflowHome) -> None:
    file = airflow.dag_file("legacy", f'{TINY}, dag_id="legacy", keras="2"')
    ran = airflow.run(file, {})
    assert ran["state"] == "success"
    assert ran["log"].count(", Keras 2") == 2


def test_the_metadata_store_can_be_an_airflow_connection(
    airflow: AirflowHome, tmp_path: Path
) -> None:
    store = tmp_path / "of the connection.sqlite"
    connection = json.dumps({"conn_type": "sqlite", "host": str(store)})
    ran = airflow.run(
        airflow.dag_file("connected", f'{TINY}, dag_id="connected"'),
        {},
        AIRFLOW_CONN_STORE=connection,
        HEADRACE_METADATA_CONN_ID="store",
    )
    assert ran["state"] == "success", ran["log"]
    # Its runs are kept apart from those of another DAG of the same pipeline.
    assert f"connected.{ran['run_id']}" in runs_in(store)


def test_a_connection_that_does_not_exist_is_named(airflow: AirflowHome) -> None:
    file = airflow.dag_file("good", TINY)
    ran = airflow.run(file, {}, HEADRACE_METADATA_CONN_ID="nothing_here")
    assert ran["tasks"]["Make"] == "failed"
    assert "the Airflow Connection 'nothing_here'" in ran["log"]


def test_a_template_reaches_the_node_in_the_parameters_type(airflow: AirflowHome) -> None:
    arguments = 'parameters={"count": "{{ run_id | length - run_id | length + 4 }}"}'
    file = airflow.dag_file("templated", f'{TINY}, dag_id="templated", {arguments}')
    assert "making ha 4 times" in airflow.run(file, {})["log"]
    assert "making ha 5 times" in airflow.run(file, {"count": 5})["log"]


def test_a_template_that_gives_another_type_is_named(airflow: AirflowHome) -> None:
    arguments = 'parameters={"count": "{{ run_id }}"}'
    file = airflow.dag_file("mistyped", f'{TINY}, dag_id="mistyped", {arguments}')
    ran = airflow.run(file, {})
    assert ran["tasks"]["Make"] == "failed"
    assert (
        "node Make: parameter 'count' must be of type int: the template '{{ run_id }}'"
        in (ran["log"])
    )


def test_a_node_that_fails_says_the_authors_line_and_what_follows_it_does_not_run(
    airflow: AirflowHome,
) -> None:
    ran = airflow.run(airflow.dag_file("good", TINY), {"mode": "raise"})
    assert ran["tasks"] == {"Make": "success", "Use": "failed"}
    source = (airflow.project / "tiny.py").read_text().splitlines()
    line = source.index('        raise ValueError("the text is of the wrong kind")') + 1
    assert (
        f"{airflow.project}/tiny.py:{line}: ValueError: the text is of the wrong kind"
        in (ran["log"])
    )


def test_a_task_that_exceeds_its_time_leaves_no_process(airflow: AirflowHome) -> None:
    limit = "__import__('datetime').timedelta(seconds=10)"
    arguments = f'node_args={{"Use": {{"execution_timeout": {limit}}}}}'
    file = airflow.dag_file("slow", f'{TINY}, dag_id="slow", {arguments}')
    process = airflow.start(RUN, str(file), json.dumps({"mode": "spawn"}))
    wait_until(lambda: len(spawned(airflow.home)) == 2 or process.poll() is not None)
    assert len(spawned(airflow.home)) == 2
    output, _ = process.communicate(timeout=LONG_SECONDS)
    ended = json.loads(output.strip().splitlines()[-1])
    assert ended["tasks"] == {"Make": "success", "Use": "failed"}
    assert "AirflowTaskTimeout" in output
    wait_until(lambda: not spawned(airflow.home))
