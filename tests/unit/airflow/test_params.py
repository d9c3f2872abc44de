import pytest
from airflow.sdk import Param

from headrace.airflow.params import authored, coerced, dag_params
from headrace.errors import UsageError
from headrace.graph.entities import ParameterType, RuntimeParameter

EPOCHS = RuntimeParameter("epochs", ParameterType.INT, 40, ("Trainer",))
RATE = RuntimeParameter("rate", ParameterType.FLOAT, 0.1, ("Trainer",))
NAME = RuntimeParameter("name", ParameterType.STR, "x", ("A", "B"))
FLAG = RuntimeParameter("flag", ParameterType.BOOL, False)
SPAN = RuntimeParameter("span", ParameterType.INT, None, ("ExampleGen",))


@pytest.mark.parametrize(
    ("parameter", "json_type", "good", "bad"),
    [
        (EPOCHS, "integer", 7, "7"),
        (RATE, "number", 0.5, "fast"),
        (NAME, "string", "y", 3),
        (FLAG, "boolean", True, "yes"),
    ],
)
def test_each_type_is_checked_by_airflow(
    parameter: RuntimeParameter, json_type: str, good: object, bad: object
) -> None:
    param = dag_params((parameter,), {})[parameter.name]
    assert param.schema["type"] == json_type
    assert param.resolve() == parameter.default
    assert param.resolve(good) == good
    with pytest.raises(Exception, match=f"is not of type .{json_type}"):
        param.resolve(bad)


def test_the_description_names_the_nodes_that_use_it() -> None:
    assert dag_params((NAME,), {})["name"].description == "Used by A, B."


def test_a_parameter_without_a_default_must_be_given_at_the_trigger() -> None:
    param = dag_params((SPAN,), {})["span"]
    with pytest.raises(Exception, match="No value passed"):
        param.resolve()
    assert param.resolve(3) == 3


def test_a_given_value_replaces_the_default() -> None:
    params = dag_params((EPOCHS, RATE), {"epochs": 3, "rate": 1})
    assert params["epochs"].value == 3
    assert params["rate"].value == 1.0


def test_a_template_leaves_the_form_empty_and_says_what_applies() -> None:
    param = dag_params((SPAN,), {"span": "{{ ds_nodash }}"})["span"]
    assert param.resolve() is None
    assert param.resolve(20130101) == 20130101
    assert "{{ ds_nodash }}" in param.description


def test_none_in_the_dag_file_asks_for_a_value_at_each_trigger() -> None:
    with pytest.raises(Exception, match="No value passed"):
        dag_params((EPOCHS,), {"epochs": None})["epochs"].resolve()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"epoch": 1}, "unknown parameter 'epoch'"),
        ({"epochs": "many"}, "parameter 'epochs' must be of type int, not 'many'"),
        ({"epochs": True}, "parameter 'epochs' must be of type int, not True"),
        ({"epochs": 1.5}, "parameter 'epochs' must be of type int, not 1.5"),
        ({"epochs": 2**63}, "parameter 'epochs': it is an integer of more than 64 bits"),
    ],
)
def test_a_wrong_value_in_the_dag_file_is_refused(given: dict, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        dag_params((EPOCHS,), given)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (SPAN, "20130102", 20130102),
        (RATE, "0.25", 0.25),
        (NAME, "2013-01-02", "2013-01-02"),
        (FLAG, "True", True),
        (FLAG, "no", False),
    ],
)
def test_a_rendered_template_gets_the_parameters_type(
    parameter: RuntimeParameter, text: str, value: object
) -> None:
    found = coerced(parameter, text, "{{ x }}")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("parameter", "text"), [(SPAN, "2013-01-02"), (RATE, ""), (FLAG, "maybe")])
def test_a_rendered_template_of_another_type_is_named(
    parameter: RuntimeParameter, text: str
) -> None:
    with pytest.raises(UsageError) as caught:
        coerced(parameter, text, "{{ when }}")
    assert parameter.name in str(caught.value)
    assert "{{ when }}" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ({}, {"name": "birds"}),
        ({"name": "/lake"}, {"name": "/lake"}),
        ({"name": "/lake/{{ ds }}/x"}, {"name": "/lake/"}),
        ({"name": "/lake/day-{% if x %}{{ ds }}{% endif %}"}, {"name": "/lake/"}),
        ({"name": "{{ var.value.lake }}/x"}, {}),
        ({"name": "{{ params.name }}"}, {}),
    ],
)
def test_what_a_dag_file_says_of_a_parameter_is_what_is_before_a_runs_own_words(
    given: dict[str, str], opened: dict[str, str]
) -> None:
    declared = (RuntimeParameter("name", ParameterType.STR, "birds"), EPOCHS)
    assert authored(dag_params(declared, given), given) == opened


def test_a_param_of_airflows_own_is_the_dag_files_word_too() -> None:
    assert authored({"name": Param("/lake"), "other": "/sea", "epochs": 3}, {}) == {
        "name": "/lake",
        "other": "/sea",
    }
