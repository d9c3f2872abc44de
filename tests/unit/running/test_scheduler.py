import threading
from collections.abc import Mapping

import pytest

from headrace.errors import HeadraceError
from headrace.graph.entities import Node, NodeKind, PipelineGraph
from headrace.launcher.jobs import NodeResult
from headrace.running.scheduler import NodeStatus, run_graph
from headrace.running.states import NodeState


def node(name: str, *upstream: str) -> Node:
    return Node(name, name, NodeKind.COMPONENT, upstream=upstream)


DIAMOND = PipelineGraph("p", (node("a"), node("b", "a"), node("c", "a"), node("d", "b", "c")))


class Work:
    """Nodes that are done at once, or as told."""

    def __init__(self, fails: str = "", blocks: str = "") -> None:
        self.fails, self.blocks = fails, blocks
        self.order: list[str] = []
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.cancelled = threading.Event()

    def run(self, node_id: str) -> NodeResult:
        with self.lock:
            self.order.append(node_id)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            if node_id in self.blocks:
                self.cancelled.wait(30)
                raise HeadraceError("cancelled")
            if node_id in self.fails:
                raise HeadraceError(f"{node_id} is broken")
            return NodeResult(node_id, "r", "COMPLETE", 1)
        finally:
            with self.lock:
                self.now -= 1

    def cancel(self) -> None:
        self.cancelled.set()


def run(graph: PipelineGraph, work: Work, jobs: int = 2, **initial: NodeState) -> dict:
    states = {item.id: initial.get(item.id, NodeState.WAITING) for item in graph.nodes}
    seen: list[Mapping[str, NodeStatus]] = []
    statuses = run_graph(graph, states, work, jobs, lambda now: seen.append(dict(now)))
    assert seen[-1] == statuses
    return {name: status.state.value for name, status in statuses.items()}


def test_every_node_runs_after_those_it_depends_on() -> None:
    work = Work()
    assert set(run(DIAMOND, work).values()) == {"complete"}
    assert work.order[0] == "a"
    assert sorted(work.order[1:3]) == ["b", "c"]
    assert work.order[3] == "d"


def test_no_more_nodes_run_at_once_than_told() -> None:
    wide = PipelineGraph("p", tuple(node(name) for name in "abcdefgh"))
    work = Work()
    run(wide, work, jobs=1)
    assert work.most == 1


def test_a_failed_node_stops_only_what_depends_on_it() -> None:
    work = Work(fails="b")
    assert run(DIAMOND, work) == {
        "a": "complete",
        "b": "failed",
        "c": "complete",
        "d": "upstream_failed",
    }


def test_what_is_settled_at_first_is_left_alone() -> None:
    work = Work()
    states = run(DIAMOND, work, a=NodeState.REUSED, c=NodeState.REUSED)
    assert states == {"a": "reused", "b": "complete", "c": "reused", "d": "complete"}
    assert work.order == ["b", "d"]


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit])
def test_an_exception_of_the_work_itself_fails_the_node(kind: type[BaseException]) -> None:
    class Broken(Work):
        def run(self, node_id: str) -> NodeResult:
            raise kind("out of threads")

    statuses = run_graph(
        DIAMOND, dict.fromkeys("abcd", NodeState.WAITING), Broken(), 2, lambda _: None
    )
    assert str(statuses["a"].error) == f"node a: {kind.__name__}: out of threads"


def test_an_interrupt_ends_the_nodes_that_run_and_starts_no_other() -> None:
    work = Work(blocks="bc")
    last: dict[str, NodeStatus] = {}

    def observe(statuses: Mapping[str, NodeStatus]) -> None:
        last.update(statuses)
        running = [name for name, it in statuses.items() if it.state is NodeState.RUNNING]
        if running == ["b", "c"] and not work.cancelled.is_set():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_graph(DIAMOND, dict.fromkeys("abcd", NodeState.WAITING), work, 2, observe)
    assert {name: status.state.value for name, status in last.items()} == {
        "a": "complete",
        "b": "cancelled",
        "c": "cancelled",
        "d": "waiting",
    }
