import pytest

from headrace.graph.entities import Node, NodeKind, PipelineGraph
from headrace.running.states import NodeState, next_state, settled, startable

COMPLETE, SKIPPED, FAILED = NodeState.COMPLETE, NodeState.SKIPPED, NodeState.FAILED
WAITING, RUNNING, STUCK = NodeState.WAITING, NodeState.RUNNING, NodeState.UPSTREAM_FAILED


def node(name: str, *upstream: str, trigger: str = "", required: str = "") -> Node:
    return Node(
        name,
        name,
        NodeKind.COMPONENT,
        upstream=upstream,
        trigger=trigger,
        required=tuple(required),
    )


@pytest.mark.parametrize(
    ("upstream", "expected"),
    [
        ((COMPLETE, COMPLETE), RUNNING),
        ((COMPLETE, NodeState.CACHED), RUNNING),
        ((NodeState.REUSED, COMPLETE), RUNNING),
        ((COMPLETE, WAITING), None),
        ((RUNNING, FAILED), None),
        ((COMPLETE, FAILED), STUCK),
        ((COMPLETE, STUCK), STUCK),
        ((COMPLETE, NodeState.CANCELLED), STUCK),
        ((COMPLETE, SKIPPED), SKIPPED),
        ((SKIPPED, FAILED), STUCK),
    ],
)
def test_a_node_waits_for_all_upstream_nodes_and_takes_over_their_fate(
    upstream: tuple[NodeState, NodeState], expected: NodeState | None
) -> None:
    states = dict(zip("ab", upstream, strict=True))
    assert next_state(node("c", "a", "b", required="ab"), states) is expected


def test_a_skipped_node_whose_outputs_are_not_required_counts_as_a_success() -> None:
    states = {"a": COMPLETE, "b": SKIPPED}
    assert next_state(node("c", "a", "b", required="a"), states) is RUNNING


@pytest.mark.parametrize("ended", [COMPLETE, SKIPPED, FAILED, STUCK])
def test_a_node_that_only_asks_for_the_end_runs_whatever_it_was(ended: NodeState) -> None:
    last = node("last", "a", trigger="ALL_UPSTREAM_NODES_COMPLETED")
    assert next_state(last, {"a": ended}) is RUNNING
    assert next_state(last, {"a": RUNNING}) is None


def test_a_failure_reaches_everything_behind_it_at_once_and_nothing_else() -> None:
    graph = PipelineGraph(
        "p", (node("a"), node("b"), node("c", "a"), node("d", "c"), node("e", "b"))
    )
    states = dict.fromkeys("abcde", WAITING) | {"a": FAILED}
    assert settled(graph, states) == {
        "a": FAILED,
        "b": WAITING,
        "c": STUCK,
        "d": STUCK,
        "e": WAITING,
    }


def test_nodes_start_in_pipeline_order() -> None:
    graph = PipelineGraph("p", (node("b"), node("a"), node("c", "a")))
    assert startable(graph, dict.fromkeys("abc", WAITING)) == ["b", "a"]
