import pytest

from headrace.errors import UsageError
from headrace.graph.entities import Node, NodeKind, PipelineGraph
from headrace.running.selection import Selection, select


def node(name: str, *upstream: str) -> Node:
    return Node(name, name, NodeKind.COMPONENT, upstream=upstream)


#   gen -> stats -> schema -> transform -> trainer -> pusher
#    \_______________________/                       /
#   params ____________________________/  resolver _/
GRAPH = PipelineGraph(
    "p",
    (
        node("gen"),
        node("stats", "gen"),
        node("schema", "stats"),
        node("transform", "gen", "schema"),
        node("params"),
        node("trainer", "transform", "params"),
        node("resolver"),
        node("pusher", "trainer", "resolver"),
    ),
)
ALL = tuple(item.id for item in GRAPH.nodes)


def test_without_ends_everything_runs() -> None:
    assert select(GRAPH) == Selection(ALL)
    assert not select(GRAPH).is_partial


def test_from_a_node_what_comes_before_it_is_reused() -> None:
    selection = select(GRAPH, start=["trainer"])
    assert selection.run == ("trainer", "pusher")
    assert selection.reuse == ("gen", "stats", "schema", "transform", "params", "resolver")


def test_to_a_node_nothing_is_reused_and_the_rest_is_left_out() -> None:
    selection = select(GRAPH, end=["schema"])
    assert selection == Selection(("gen", "stats", "schema"))


def test_between_two_nodes() -> None:
    selection = select(GRAPH, start=["schema"], end=["trainer"])
    assert selection.run == ("schema", "transform", "trainer")
    assert selection.reuse == ("gen", "stats", "params")


def test_several_starts_and_ends() -> None:
    selection = select(GRAPH, start=["params", "stats"], end=["schema", "trainer"])
    assert selection.run == ("stats", "schema", "transform", "params", "trainer")


def test_an_unknown_node_is_named_with_what_it_may_have_been() -> None:
    with pytest.raises(UsageError, match="no node 'trainr'") as caught:
        select(GRAPH, start=["trainr"])
    assert caught.value.hint.startswith("did you mean trainer")


def test_nothing_between_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="no node lies between pusher and stats"):
        select(GRAPH, start=["pusher"], end=["stats"])
