"""What becomes of a node in a run: states, and the rules that lead from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from headrace.graph.entities import Node, PipelineGraph


class NodeState(str, Enum):
    """State of a node in a run."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    CACHED = "cached"
    REUSED = "reused"
    """Not run: its outputs are those of an earlier run."""
    SKIPPED = "skipped"
    """A ``Cond`` that did not hold, or a node that depends on one."""
    FAILED = "failed"
    UPSTREAM_FAILED = "upstream_failed"
    CANCELLED = "cancelled"
    LEFT_OUT = "left out"
    """Neither run nor reused in a partial run."""

    @property
    def has_ended(self) -> bool:
        return self not in (NodeState.WAITING, NodeState.RUNNING)

    @property
    def has_outputs(self) -> bool:
        return self in (NodeState.COMPLETE, NodeState.CACHED, NodeState.REUSED)

    @property
    def is_failure(self) -> bool:
        return self in (NodeState.FAILED, NodeState.UPSTREAM_FAILED, NodeState.CANCELLED)


States = Mapping[str, NodeState]


def next_state(node: Node, states: States) -> NodeState | None:
    """What a waiting node becomes, or None while it has to wait on.

    ``RUNNING`` means that it can be started. A failed upstream node counts before a skipped one, as
    for Airflow's tasks; a skipped one counts only where its outputs are required, as in TFX.
    """
    upstream = [states[name] for name in node.upstream]
    if not all(state.has_ended for state in upstream):
        return None
    if node.runs_after_failures:
        return NodeState.RUNNING
    if any(state.is_failure for state in upstream):
        return NodeState.UPSTREAM_FAILED
    if any(states[name] is NodeState.SKIPPED for name in node.required):
        return NodeState.SKIPPED
    return NodeState.RUNNING


def settled(graph: PipelineGraph, states: States) -> dict[str, NodeState]:
    """The states after every waiting node that cannot run any more has got its last one."""
    result = dict(states)
    for node in graph.nodes:  # in topological order, so one pass is enough
        if result[node.id] is NodeState.WAITING:
            following = next_state(node, result)
            if following is not None and following is not NodeState.RUNNING:
                result[node.id] = following
    return result


def startable(graph: PipelineGraph, states: States) -> list[str]:
    """Waiting nodes that can be started now, in pipeline order."""
    return [
        node.id
        for node in graph.nodes
        if states[node.id] is NodeState.WAITING and next_state(node, states) is NodeState.RUNNING
    ]
