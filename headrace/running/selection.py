"""Which nodes a partial run runs, and whose outputs it takes from an earlier run."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from headrace.errors import UsageError
from headrace.graph.entities import PipelineGraph


@dataclass(frozen=True)
class Selection:
    """Node ids in pipeline order; the nodes in neither are left out.

    Attributes:
        reuse: nodes whose outputs the run needs and an earlier run must have.
    """

    run: tuple[str, ...]
    reuse: tuple[str, ...] = ()

    @property
    def is_partial(self) -> bool:
        return bool(self.reuse)


def select(
    graph: PipelineGraph, start: Collection[str] = (), end: Collection[str] = ()
) -> Selection:
    """Select the nodes that are at or after one of ``start`` and at or before one of ``end``.

    Without ``start`` everything before ``end`` is selected, without ``end`` everything after
    ``start``: the rule of TFX's partial runs.

    Raises:
        UsageError: there is no such node, or nothing lies between them.
    """
    known = [node.id for node in graph.nodes]
    for name in (*start, *end):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"nodes: {', '.join(known)}"
            raise UsageError(f"pipeline {graph.name} has no node {name!r}", hint)
    upstream = {node.id: node.upstream for node in graph.nodes}
    downstream: dict[str, list[str]] = {name: [] for name in known}
    for node in graph.nodes:
        for name in node.upstream:
            downstream[name].append(node.id)
    after = _reachable(downstream, start or known)
    before = _reachable(upstream, end or known)
    run = [name for name in known if name in after and name in before]
    if not run:
        raise UsageError(
            f"no node lies between {', '.join(start)} and {', '.join(end)}",
            f"the nodes in their order: {', '.join(known)}",
        )
    needed = _reachable(upstream, run) - set(run)
    return Selection(tuple(run), tuple(name for name in known if name in needed))


def _reachable(edges: Mapping[str, Iterable[str]], start: Iterable[str]) -> set[str]:
    found: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo.extend(edges[name])
    return found
