"""Where an execution belongs: told from the names of the contexts that TFX puts it in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PIPELINE, RUN, NODE = "pipeline", "pipeline_run", "node"


@dataclass(frozen=True)
class Place:
    """Run and pipeline, the outermost ones, and the node's id with its sub-pipelines'."""

    run_id: str
    pipeline: str
    node_id: str


def place(contexts: Iterable[tuple[str, str]]) -> Place:
    """Return the place that contexts, pairs of type and name, describe; empty texts for unknowns.

    TFX puts a node into contexts of its pipeline, run and node (``PIPELINE.NODE``). A node of a
    sub-pipeline is also in those of every pipeline around it, in the node context of the
    sub-pipeline in its parent (``PARENT.SUB``), and in a run of its own (``SUB_RUN``).
    """
    names: dict[str, list[str]] = {PIPELINE: [], RUN: [], NODE: []}
    for kind, name in contexts:
        if kind in names:
            names[kind].append(name)
    chain = _chain(names[PIPELINE], set(names[NODE]))
    own = [name for name in names[NODE] if chain and name.startswith(f"{chain[-1]}.")]
    node = own[0].removeprefix(f"{chain[-1]}.") if own else ""
    inner = tuple(f"{pipeline}_" for pipeline in chain[1:])
    runs = [name for name in names[RUN] if not (inner and name.startswith(inner))]
    return Place(
        run_id=(runs or names[RUN] or [""])[0],
        pipeline=chain[0] if chain else "",
        node_id=".".join([*chain[1:], node]) if node else "",
    )


def _chain(pipelines: list[str], nodes: set[str]) -> list[str]:
    """The pipelines from the outermost to the innermost."""
    parents = {
        inner: outer
        for inner in pipelines
        for outer in pipelines
        if inner != outer and f"{outer}.{inner}" in nodes
    }
    chain = [name for name in pipelines if name not in parents][:1]
    while True:
        inside = [inner for inner, outer in parents.items() if chain and outer == chain[-1]]
        if not inside or inside[0] in chain:
            return chain
        chain.append(inside[0])
