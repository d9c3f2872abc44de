"""DAG files as Airflow parses them: what they become, what they import, how they fail."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.airflow.conftest import AirflowHome
from tests.integration.conftest import PROJECT

pytestmark = pytest.mark.integration

TINY = '"tiny.py:create_pipeline"'
BROKEN = {
    "raises": ("def create_pipeline():\n    return undefined_name\n", ":2", "NameError"),
    "syntax": ("def create_pipeline(:\n", ":1", "SyntaxError"),
    "imports": ("import no_such_module\n", ":1", "no_such_module"),
    "returns": ("def create_pipeline():\n    return 5\n", "", "int"),
    "requires": ("def create_pipeline(needed):\n    return 5\n", "", "needed"),
}
MISTAKEN = {
    "function": ('"tiny.py:create"', "create"),
    "file": ('"nowhere.py:create_pipeline"', "nowhere.py does not exist"),
    "form": ('"tiny.py"', "'tiny.py' is not a target"),
    "runner": (f'{TINY}, runner="spark"', "there is no runner 'spark'"),
    "keras": (f'{TINY}, keras="4"', "there is no Keras '4' here"),
    "parameter": (f'{TINY}, parameters={{"counts": 1}}', "unknown parameter 'counts'"),
    "type": (f'{TINY}, parameters={{"count": "1"}}', "'count' must be of type int, not '1'"),
    "node": (f'{TINY}, node_args={{"Maker": {{}}}}', "there is no node 'Maker'"),
    "argument": (f'{TINY}, colour="red"', "unexpected keyword argument 'colour'"),
    "required": ('"tiny.py:create_demanding", schedule="@daily"', "values for word"),
}


@pytest.fixture(scope="module")
def parsed(airflow: AirflowHome) -> dict[str, Any]:
    """What came of each file, by its name; parsed in one process."""
    files = [airflow.dag_file("fine", TINY)]
    for name, (source, _, _) in BROKEN.items():
        (airflow.project / f"broken_{name}.py").write_text(source)
        files.append(airflow.dag_file(name, f'"broken_{name}.py:create_pipeline"'))
    files += [airflow.dag_file(name, arguments) for name, (arguments, _) in MISTAKEN.items()]
    files += sorted((PROJECT / "dags").glob("*.py"))
    answer = airflow.parse(*files)
    return {**{Path(file).stem: it for file, it in answer["files"].items()}, **answer}


def told(airflow: AirflowHome, parsed: dict[str, Any], name: str) -> str:
    """The message of an import error, of which the rest is the DAG file's line and ours."""
    [error] = parsed[name]["errors"]
    assert f'File "{airflow.project}/dags/{name}.py", line 3' in error
    assert error.count('File "') == 2
    assert "During handling" not in error
    assert "direct cause" not in error
    message: str = error[error.rindex("DagAuthorError: ") :]
    return message


def test_a_dag_file_is_parsed_wherever_airflow_was_started(parsed: dict[str, Any]) -> None:
    assert parsed["fine"]["errors"] == []
    assert parsed["fine"]["dags"]["tiny"]["edges"] == {"Make": [], "Use": ["Make"]}


def test_the_penguins_dag_is_the_pipeline_of_its_author(parsed: dict[str, Any]) -> None:
    assert parsed["penguins"]["errors"] == []
    dag = parsed["penguins"]["dags"]["penguins"]
    assert dag["edges"] == {
        "CsvExampleGen": [],
        "StatisticsGen": ["CsvExampleGen"],
        "SchemaGen": ["StatisticsGen"],
        "ExampleValidator": ["SchemaGen", "StatisticsGen"],
        "Transform": ["CsvExampleGen", "SchemaGen"],
        "Hyperparameters": [],
        "Trainer": ["Hyperparameters", "SchemaGen", "Transform"],
        "latest_blessed_model_resolver": [],
        "Evaluator": ["CsvExampleGen", "Trainer", "latest_blessed_model_resolver"],
        "Pusher": ["Evaluator", "Trainer"],
    }
    assert dag["operators"]["latest_blessed_model_resolver"] == "Resolver"
    assert dag["params"] == {"epochs": 40, "learning_rate": 0.01}


def test_the_flights_dag_is_the_pipeline_of_its_author(parsed: dict[str, Any]) -> None:
    assert parsed["flights"]["errors"] == []
    dag = parsed["flights"]["dags"]["flights"]
    assert dag["edges"] == {
        "ColumnarExampleGen": [],
        "StatisticsGen": ["ColumnarExampleGen"],
        "SchemaGen": ["StatisticsGen"],
        "ImportSchemaGen": [],
        "ExampleValidator": ["ImportSchemaGen", "StatisticsGen"],
        "Transform": ["ColumnarExampleGen", "ImportSchemaGen"],
        "Hyperparameters": [],
        "Trainer": ["Hyperparameters", "ImportSchemaGen", "Transform"],
        "latest_blessed_model_resolver": [],
        "Evaluator": ["ColumnarExampleGen", "Trainer", "latest_blessed_model_resolver"],
        "Pusher": ["Evaluator", "Trainer"],
    }
    assert dag["params"] == {"network": "wide_and_deep", "epochs": 3, "learning_rate": 0.001}


def test_the_daily_flights_dags_read_a_span_and_train_on_a_window(parsed: dict[str, Any]) -> None:
    [daily] = parsed["flights_daily"]["dags"].values()
    on_arrival = parsed["flights_arrivals"]["dags"]["flights_on_arrival"]
    assert daily["edges"] == on_arrival["edges"]
    assert daily["edges"]["window"] == ["AnomalyGate", "ColumnarExampleGen"]
    transform = ["AnomalyGate", "ImportSchemaGen", "RetrainGate", "window"]
    assert daily["edges"]["Transform"] == transform
    assert daily["edges"]["LiveEvaluator"] == ["AnomalyGate", "ColumnarExampleGen", "live_model"]
    assert "model_before" in daily["edges"]["Trainer"]
    assert "blessed_before" in daily["edges"]["Evaluator"]
    assert daily["params"]["span"] is None
    arrivals = parsed["flights_arrivals"]["dags"]["flights_daily_arrivals"]
    assert arrivals["edges"] == {"announce": []}


def test_the_scoring_dag_resolves_the_pushed_model(parsed: dict[str, Any]) -> None:
    assert parsed["flights_scoring"]["dags"]["flights_scoring"]["edges"] == {
        "ColumnarExampleGen": [],
        "pushed_model": [],
        "BulkInferrer": ["ColumnarExampleGen", "pushed_model"],
    }


def test_the_sms_dag_scores_messages_after_the_evaluation_that_it_depends_on(
    parsed: dict[str, Any],
) -> None:
    assert parsed["sms"]["errors"] == []
    dag = parsed["sms"]["dags"]["sms"]
    assert dag["edges"]["BulkInferrer"] == ["Evaluator", "TextExampleGen", "Trainer"]
    assert "BulkInferrer" in dag["edges"]["TextPredictions"]
    assert dag["params"] == {"epochs": 8, "learning_rate": 0.005}


def test_parsing_and_compiling_imports_nothing_of_tfx(parsed: dict[str, Any]) -> None:
    assert parsed["heavy"] == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_pipeline_shows_its_authors_error_and_place(
    airflow: AirflowHome, parsed: dict[str, Any], name: str
) -> None:
    _, place, said = BROKEN[name]
    message = told(airflow, parsed, name)
    assert f"{airflow.project}/broken_{name}.py{place}" in message
    assert said in message


@pytest.mark.parametrize("name", MISTAKEN)
def test_a_mistake_in_the_dag_file_is_one_clear_error(
    airflow: AirflowHome, parsed: dict[str, Any], name: str
) -> None:
    assert MISTAKEN[name][1] in told(airflow, parsed, name)


def test_an_unchanged_pipeline_keeps_its_compilation_and_a_changed_one_gets_another(
    airflow: AirflowHome,
) -> None:
    source = airflow.project / "changing.py"
    source.write_text((airflow.project / "tiny.py").read_text().replace('"tiny"', '"changing"'))
    file = airflow.dag_file("changing", '"changing.py:create_pipeline"')
    first, again = (airflow.parse(file)["files"][str(file)]["dags"] for _ in range(2))
    assert first["changing"]["compiled"]
    assert again == first
    source.write_text(source.read_text().replace('"count", int, 2', '"count", int, 3'))
    assert airflow.parse(file)["files"][str(file)]["dags"] != first


def test_a_wrong_setting_is_named_in_the_import_error(airflow: AirflowHome) -> None:
    settings = airflow.project / "headrace.toml"
    file = airflow.dag_file("unset", TINY)
    settings.write_text('runer = "flink"\n')
    try:
        parsed = airflow.parse(file)["files"]
    finally:
        settings.write_text("")
    assert f"{settings}: unknown setting 'runer'" in told(
        airflow, {"unset": parsed[str(file)]}, "unset"
    )
