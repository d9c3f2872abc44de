import pytest

from headrace.airflow.operator import NodeOperator, pipeline_run_id
from headrace.errors import UsageError


def operator(**arguments: object) -> NodeOperator:
    return NodeOperator(
        task_id="t",
        node="t",
        ir_path="/ir",
        import_path=[],
        project="/p",
        runner="direct",
        **arguments,
    )


def test_the_run_id_is_the_same_for_every_task_and_safe_in_names() -> None:
    assert (
        pipeline_run_id("manual__2026-11-23T19:00:00+00:00") == "manual__2026-11-23T19:00:00+00:00"
    )
    assert pipeline_run_id("my run/../x") == "my_run_.._x"


def test_a_value_from_the_trigger_form_wins_over_the_template() -> None:
    task = operator(parameter_types={"span": "int"}, templates={"span": "20130101"})
    assert task._parameters({"span": 7}) == {"span": 7}
    assert task._parameters({"span": None}) == {"span": 20130101}
    assert task._parameters({}) == {"span": 20130101}


def test_only_the_nodes_own_parameters_are_sent() -> None:
    task = operator(parameter_types={"epochs": "int"})
    assert task._parameters({"epochs": 3, "other": 4}) == {"epochs": 3}
    assert task._parameters({}) == {}


def test_a_template_that_gives_another_type_is_refused() -> None:
    task = operator(parameter_types={"span": "int"}, templates={"span": "soon"})
    with pytest.raises(UsageError, match="'span' must be of type int"):
        task._parameters({})
