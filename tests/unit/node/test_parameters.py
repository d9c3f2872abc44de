import pytest

from headrace.errors import UsageError
from headrace.graph.entities import ParameterType, RuntimeParameter
from headrace.node.pipeline_ir import check_parameters

DECLARED = (
    RuntimeParameter("count", ParameterType.INT, 2, ("Make",)),
    RuntimeParameter("scale", ParameterType.FLOAT, 0.5, ("Make",)),
    RuntimeParameter("aloud", ParameterType.BOOL, True, ("Use",)),
    RuntimeParameter("word", ParameterType.STR, None, ("Make", "Use")),
)


def test_defaults_are_filled_in_and_a_bool_becomes_tfxs_number() -> None:
    assert check_parameters(DECLARED, {"word": "x"}) == {
        "count": 2,
        "scale": 0.5,
        "aloud": 1,
        "word": "x",
    }


def test_a_whole_number_is_a_float_where_one_is_wanted() -> None:
    value = check_parameters(DECLARED, {"word": "x", "scale": 3})["scale"]
    assert (value, type(value)) == (3.0, float)


@pytest.mark.parametrize(
    "given", [{"count": 0}, {"scale": 0.0}, {"aloud": False}, {"word": ""}], ids=str
)
def test_a_value_that_is_false_in_python_is_a_value(given: dict) -> None:
    [(name, value)] = given.items()
    assert check_parameters(DECLARED, {"word": "x", **given})[name] == value


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"count": "2"}, "int"),
        ({"count": 2.0}, "int"),
        ({"count": True}, "int"),
        ({"scale": "0.5"}, "float"),
        ({"aloud": 1}, "bool"),
        ({"aloud": "true"}, "bool"),
        ({"word": 7}, "str"),
    ],
    ids=str,
)
def test_a_value_of_another_type_is_refused_by_name(given: dict, kind: str) -> None:
    [(name, value)] = given.items()
    with pytest.raises(UsageError) as caught:
        check_parameters(DECLARED, {"word": "x", **given})
    assert caught.value.message == f"parameter {name!r} must be of type {kind}, not {value!r}"


def test_a_needed_value_that_is_missing_names_its_nodes() -> None:
    with pytest.raises(UsageError, match="'word' has no default") as caught:
        check_parameters(DECLARED, {})
    assert caught.value.hint == "it is needed by Make, Use"


def test_an_unknown_parameter_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown parameter 'wrod'") as caught:
        check_parameters(DECLARED, {"wrod": "x"})
    assert caught.value.hint == "the pipeline's parameters: count, scale, aloud, word"
