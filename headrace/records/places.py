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
    sub-pipeline is also in those of every pipeline around it, in a run of its own (``SUB_RUN``) for
    each, and in the node context of the innermost one in its parent (``PARENT.SUB``).
    """
    names: dict[str, list[str]] = {PIPELINE: [], RUN: [], NODE: []}
    for kind, name in contexts:
        if kind in names:
            names[kind].append(name)
    chain = _chain(names[PIPELINE], names[RUN], set(names[NODE]))
    own = [name for name in names[NODE] if chain and name.startswith(f"{chain[-1]}.")]
    node = own[0].removeprefix(f"{chain[-1]}.") if own else ""
    runs = [run for run in names[RUN] if all(f"{sub}_{run}" in names[RUN] for sub in chain[1:])]
    return Place(
        run_id=(runs or names[RUN] or [""])[0],
        pipeline=chain[0] if chain else "",
        node_id=".".join([*chain[1:], node]) if node else "",
    )


def _chain(pipelines: list[str], runs: list[str], nodes: set[str]) -> list[str]:
    """The pipelines from the outermost to the innermost."""
    inner = [name for name in pipelines if any(f"{name}_{run}" in runs for run in runs)]
    parents = {sub: outer for sub in inner for outer in pipelines if f"{outer}.{sub}" in nodes}
    chain = [name for name in pipelines if name not in inner][:1]
    while chain and inner:
        linked = [name for name in inner if parents.get(name) == chain[-1]]
        # TFX names the parent of the innermost one only; the others are in their order.
        following = (linked or [name for name in inner if parents.get(name) not in inner])[:1]
        if not following:
            break
        chain += following
        inner.remove(following[0])
    return chain
