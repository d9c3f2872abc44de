"""DAG files as Airflow parses them: what they become, what they import, how they fail."""

from pathlib import Path

import pytest

from tests.integration.airflow.conftest import AirflowHome

pytestmark = pytest.mark.integration

TINY = '"tiny.py:create_pipeline"'


def import_error(airflow: AirflowHome, file: Path) -> str:
    [error] = airflow.parse(file)["errors"]
    return str(error)


def test_a_dag_file_is_parsed_without_tfx_wherever_airflow_was_started(
    airflow: AirflowHome,
) -> None:
    parsed = airflow.parse(airflow.dag_file("good", TINY))
    assert parsed["errors"] == []
    assert parsed["heavy"] == []
    assert [name for name, _ in parsed["dags"]["tiny"]] == ["Make", "Use"]


def test_an_unchanged_pipeline_keeps_its_compilation_and_a_changed_one_gets_another(
    airflow: AirflowHome,
) -> None:
    source = airflow.project / "changing.py"
    source.write_text((airflow.project / "tiny.py").read_text().replace('"tiny"', '"changing"'))
    file = airflow.dag_file("changing", '"changing.py:create_pipeline"')
    first = airflow.parse(file)["dags"]["changing"]
    assert airflow.parse(file)["dags"]["changing"] == first
    source.write_text(source.read_text().replace('"count", int, 2', '"count", int, 3'))
    assert airflow.parse(file)["dags"]["changing"] != first


@pytest.mark.parametrize(
    ("source", "place", "said"),
    [
        ("def create_pipeline():\n    return undefined_name\n", ":2", "NameError"),
        ("def create_pipeline(:\n", ":1", "SyntaxError"),
        ("import no_such_module\n", ":1", "no_such_module"),
        ("def create_pipeline():\n    return 5\n", "", "int"),
        ("def create_pipeline(needed):\n    return 5\n", "", "needed"),
    ],
)
def test_a_broken_pipeline_shows_its_authors_error_and_the_line_of_the_dag_file(
    airflow: AirflowHome, source: str, place: str, said: str
) -> None:
    broken = airflow.project / "broken.py"
    broken.write_text(source)
    file = airflow.dag_file("broken", '"broken.py:create_pipeline"')
    error = import_error(airflow, file)
    assert f'File "{file}", line 3' in error
    told = error[error.rindex("DagAuthorError: ") :]
    assert f"{broken}{place}" in told
    assert said in told
    assert error.count('File "') == 2
    assert "During handling" not in error
    assert "direct cause" not in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('"tiny.py:create"', "create"),
        ('"nowhere.py:create_pipeline"', "nowhere.py does not exist"),
        ('"tiny.py"', "'tiny.py' is not a target"),
        (f'{TINY}, runner="spark"', "there is no runner 'spark'"),
        (f'{TINY}, parameters={{"counts": 1}}', "unknown parameter 'counts'"),
        (f'{TINY}, parameters={{"count": "1"}}', "'count' must be of type int, not '1'"),
        (f'{TINY}, node_args={{"Maker": {{}}}}', "there is no node 'Maker'"),
        (f'{TINY}, colour="red"', "unexpected keyword argument 'colour'"),
        ('"tiny.py:create_demanding", schedule="@daily"', "values for word"),
    ],
)
def test_a_mistake_in_the_dag_file_is_one_clear_error(
    airflow: AirflowHome, arguments: str, said: str
) -> None:
    file = airflow.dag_file("mistaken", arguments)
    error = import_error(airflow, file)
    assert f'File "{file}", line 3' in error
    assert said in error[error.rindex("DagAuthorError: ") :]
    assert error.count('File "') == 2


def test_a_wrong_setting_is_named_in_the_import_error(airflow: AirflowHome) -> None:
    settings = airflow.project / "headrace.toml"
    file = airflow.dag_file("unset", TINY)
    settings.write_text('runer = "flink"\n')
    try:
        error = import_error(airflow, file)
    finally:
        settings.write_text("")
    assert f"{settings}: unknown setting 'runer'" in error
