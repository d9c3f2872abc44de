from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from headrace.airflow.operator import NodeOperator, pipeline_run_id
from headrace.launcher.client import JobFailed
from headrace.launcher.protocol import ErrorFrame

RUN = "manual__2026-11-23T19:00:00.123456+00:00"


def operator(**arguments: Any) -> NodeOperator:
    return NodeOperator(
        task_id="t",
        node="t",
        component="T",
        ir_path="/ir",
        import_path=[],
        project="/p",
        runner="direct",
        **arguments,
    )


def rendered(params: dict[str, Any], native: bool = False, **arguments: Any) -> dict[str, Any]:
    """The parameters of a task in a run without a logical date, as Airflow renders them."""
    with DAG("d", schedule=None, render_template_as_native_obj=native) as dag:
        task = operator(**arguments)
    context = {"params": params, "run_id": "r7", "number": 20130101}
    running: NodeOperator = task.prepare_for_execution()
    running.render_template_fields(context, dag.get_template_env())
    return running.parameters


@pytest.mark.parametrize("prefix", ["", "other_dag"])
def test_a_run_id_of_airflow_is_kept_as_it_is(prefix: str) -> None:
    assert pipeline_run_id(RUN, prefix).endswith(RUN)


def test_two_dags_of_one_pipeline_have_runs_of_their_own() -> None:
    assert pipeline_run_id(RUN) == RUN
    assert pipeline_run_id(RUN, "weekly") == f"weekly.{RUN}"


@pytest.mark.parametrize("run_id", ["my run", "my/run", "../x", "é", "x" * 250])
def test_an_unusual_run_id_becomes_a_safe_name_of_its_own(run_id: str) -> None:
    safe = pipeline_run_id(run_id)
    assert safe == pipeline_run_id(run_id)
    assert len(safe) < 200
    assert not set(safe) & set(" /é")
    assert len({safe, pipeline_run_id(f"{run_id}y"), pipeline_run_id("my_run")}) == 3


@pytest.mark.parametrize("native", [False, True])
def test_a_template_is_filled_in_where_the_run_gives_no_value(native: bool) -> None:
    arguments = {"parameter_types": {"span": "int"}, "templates": {"span": "{{ number }}"}}
    assert rendered({"span": None}, native, **arguments) == {"span": 20130101}
    assert rendered({}, native, **arguments) == {"span": 20130101}


@pytest.mark.parametrize("native", [False, True])
def test_a_text_stays_a_text_even_if_it_looks_like_a_number(native: bool) -> None:
    found = rendered(
        {}, native, parameter_types={"span": "str"}, templates={"span": "{{ number }}"}
    )
    assert found == {"span": "20130101"}


def test_a_value_from_the_trigger_form_wins_over_a_template_that_cannot_be_filled_in() -> None:
    found = rendered(
        {"span": 7}, parameter_types={"span": "int"}, templates={"span": "{{ ds_nodash }}"}
    )
    assert found == {"span": 7}


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    "value", ["{{ conn.mlmd.password }}", "{{ number }}", "{% include '/etc/passwd' %}", "$(id)"]
)
def test_a_value_of_a_run_is_never_taken_for_a_template(value: str, native: bool) -> None:
    types = {"parameter_types": {"name": "str"}}
    assert rendered({"name": value}, native, **types) == {"name": value}
    through = rendered({"name": value}, native, **types, templates={"name": "{{ ds }}"})
    assert through == {"name": value}
    quoted = {**types, "templates": {"name": "{{ params.other }}"}}
    assert rendered({"other": value}, native, **quoted) == {"name": value}


def test_only_the_nodes_own_parameters_are_sent() -> None:
    assert rendered({"epochs": 3, "other": 4}, parameter_types={"epochs": "int"}) == {"epochs": 3}
    assert rendered({}, parameter_types={"epochs": "int"}) == {}


def test_a_whole_number_is_an_integer_as_json_schema_has_it() -> None:
    found = rendered({"epochs": 3.0, "rate": 1}, parameter_types={"epochs": "int", "rate": "float"})
    assert found == {"epochs": 3, "rate": 1.0}
    assert [type(value) for value in found.values()] == [int, float]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ run_id }}", "came out as 'r7'"),
        ("{{ ds_nodash }}", "'ds_nodash' is undefined"),
        ("{{ number.year }}", "has no attribute 'year'"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ number", "unexpected end of template"),
    ],
)
def test_a_template_that_cannot_serve_fails_the_task_for_good(template: str, said: str) -> None:
    with pytest.raises(AirflowFailException) as caught:
        rendered({}, parameter_types={"span": "int"}, templates={"span": template})
    message = str(caught.value)
    for part in ("node t", "'span'", template, said):
        assert part in message


@pytest.mark.parametrize(
    ("kind", "final"), [("UsageError", True), ("ValueError", False), ("AbortedError", False)]
)
def test_only_a_mistake_that_no_retry_can_mend_is_final(kind: str, final: bool) -> None:
    error = operator()._failed(JobFailed(ErrorFrame(kind, "node t: no", "do this", "Traceback")))
    assert isinstance(error, AirflowException)
    assert isinstance(error, AirflowFailException) is final
    assert str(error) == "node t: no\n  do this"
