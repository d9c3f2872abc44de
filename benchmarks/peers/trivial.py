"""Pipelines of nodes that do nothing, in a chain or side by side."""

import itertools
from typing import Any

from tfx import v1 as tfx


@tfx.dsl.components.component
def Nothing() -> None:
    pass


def chain(nodes: int) -> tfx.dsl.Pipeline:
    """Each waits for the one before it."""
    made = _nodes(nodes)
    for before, after in itertools.pairwise(made):
        after.add_upstream_node(before)
    return tfx.dsl.Pipeline(pipeline_name=f"chain_{nodes}", components=made)


def parallel(nodes: int) -> tfx.dsl.Pipeline:
    """None waits for another."""
    return tfx.dsl.Pipeline(pipeline_name=f"parallel_{nodes}", components=_nodes(nodes))


def _nodes(count: int) -> list[Any]:
    return [Nothing().with_id(f"Nothing{number:03}") for number in range(count)]
