"""Edges that hold a sub-pipeline together: nothing in it starts before its first node.

TFX's orchestrators start a sub-pipeline as a whole and wait for the whole of it; its IR says so by
nesting, not by edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headrace.graph.entities import Node, NodeKind


def within_boundaries(nodes: Sequence[Node], group: tuple[str, ...]) -> list[Node]:
    """The nodes of one sub-pipeline, each after its first node and before its last one.

    Args:
        nodes: all of them in topological order, those of sub-pipelines inside of it included.
        group: ids of the sub-pipelines down to this one.

    Raises:
        ValueError: it does not have one first and one last node.
    """
    first = _only(nodes, NodeKind.PIPELINE_BEGIN, group)
    last = _only(nodes, NodeKind.PIPELINE_END, group)
    inside = {node.id for node in nodes}
    waited_for = {name for node in nodes for name in node.upstream}
    ends = [node.id for node in nodes if node is not last and node.id not in waited_for]
    result = []
    for node in nodes:
        if node is last:
            node = _after(node, [first.id, *ends])
            node = replace(node, required=_joined(node.required, [first.id]))
        elif node is not first and inside.isdisjoint(node.upstream):
            node = _after(node, [first.id])
            node = replace(node, required=_joined(node.required, [first.id]))
        result.append(node)
    return result


def _only(nodes: Sequence[Node], kind: NodeKind, group: tuple[str, ...]) -> Node:
    found = [node for node in nodes if node.kind is kind and node.group == group]
    if len(found) != 1:
        raise ValueError(f"sub-pipeline {'.'.join(group)} has {len(found)} nodes {kind.value}")
    return found[0]


def _after(node: Node, names: Sequence[str]) -> Node:
    return replace(node, upstream=_joined(node.upstream, names))


def _joined(names: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*names, *more]))
