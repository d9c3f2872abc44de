import pytest

from headrace.errors import UsageError
from headrace.graph.entities import ParameterType, PipelineGraph, RuntimeParameter
from headrace.running.record import RunRecord
from headrace.running.run import parameter_values

GRAPH = PipelineGraph(
    "p",
    (),
    (
        RuntimeParameter("count", ParameterType.INT, 2, ("A",)),
        RuntimeParameter("rate", ParameterType.FLOAT, 0.5, ("A",)),
        RuntimeParameter("word", ParameterType.STR, "x", ("A",)),
        RuntimeParameter("deep", ParameterType.BOOL, False, ("A",)),
    ),
)
NEEDED = PipelineGraph("p", (), (RuntimeParameter("count", ParameterType.INT, None, ("A", "B")),))


def test_texts_are_read_in_the_parameters_types() -> None:
    texts = {"count": "7", "rate": "1e-3", "word": "7", "deep": "true"}
    assert parameter_values(GRAPH, texts, None) == {
        "count": 7,
        "rate": 0.001,
        "word": "7",
        "deep": True,
    }


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("count", "1.5", "int"), ("rate", "x", "float"), ("deep", "2", "bool")],
)
def test_a_text_of_another_type_is_named(name: str, text: str, kind: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}' must be of type {kind}, not '{text}'"):
        parameter_values(GRAPH, {name: text}, None)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("count", "9223372036854775808", "an integer of more than 64 bits"),
        ("word", "a\udcffb", "is not valid text"),
    ],
)
def test_what_would_not_reach_a_node_as_it_is_is_refused(name: str, text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=f"parameter '{name}': .*{reason}"):
        parameter_values(GRAPH, {name: text}, None)


def test_an_unknown_parameter_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="unknown parameter 'cuont'") as caught:
        parameter_values(GRAPH, {"cuont": "1"}, None)
    assert "count, rate, word, deep" in caught.value.hint


def test_a_parameter_without_a_default_must_be_given() -> None:
    with pytest.raises(UsageError, match="'count' has no default") as caught:
        parameter_values(NEEDED, {}, None)
    assert "used by A, B" in caught.value.hint


def test_a_resumed_run_keeps_its_values_unless_others_are_given() -> None:
    old = RunRecord("r", "t", "p", {"count": 9, "rate": 2.0, "removed since": 1})
    assert parameter_values(GRAPH, {"rate": "3"}, old) == {"count": 9, "rate": 3.0}
