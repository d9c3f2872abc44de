"""The assets of a pipeline: its raw data, its examples and its pushed model.

They are known by the pipeline's name, so that a DAG file names them without reading any pipeline,
and two DAGs of one pipeline share them. In a run of a span their events have the span as partition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset

from headrace.graph.entities import Node

if TYPE_CHECKING:
    from airflow.sdk import AssetWatcher, PartitionedAssetTimetable

GROUP = "headrace"
_EXAMPLES, _PUSHED_MODEL = "Examples", "PushedModel"


def raw_data(pipeline: str) -> Asset:
    """What the pipeline's ExampleGen reads; a partition of it is a span."""
    return _asset(pipeline, "raw_data")


def examples(pipeline: str) -> Asset:
    """What its ExampleGen makes of it."""
    return _asset(pipeline, "examples")


def pushed_model(pipeline: str) -> Asset:
    """What its Pusher has pushed: an event for each push, none where nothing was pushed."""
    return _asset(pipeline, "pushed_model")


def arrivals(pipeline: str, watchers: list[AssetWatcher]) -> Asset:
    """The directory in which raw data arrive, with what watches it."""
    return _asset(pipeline, "arrivals", watchers=watchers)


def each_span(asset: Asset) -> PartitionedAssetTimetable:
    """A schedule: one run for each partition of an asset that an event tells of."""
    from airflow.sdk import PartitionedAssetTimetable

    return PartitionedAssetTimetable(assets=asset)


def outlets_of(pipeline: str, node: Node) -> list[Asset]:
    """The assets that a node updates."""
    types = {item.artifact_type for item in node.outputs}
    if _PUSHED_MODEL in types:
        return [pushed_model(pipeline)]
    return [examples(pipeline)] if _reads_raw_data(node) else []


def inlets_of(pipeline: str, node: Node) -> list[Asset]:
    """The assets that a node reads."""
    return [raw_data(pipeline)] if _reads_raw_data(node) else []


def _reads_raw_data(node: Node) -> bool:
    """Whether it is an ExampleGen: examples come out of it, and none go in."""
    made = any(item.artifact_type == _EXAMPLES for item in node.outputs)
    given = any(_EXAMPLES in item.artifact_type for item in node.inputs)
    return made and not given and bool(node.executor)


def _asset(pipeline: str, what: str, **arguments: Any) -> Asset:
    return Asset(
        name=f"{pipeline}.{what}", uri=f"x-headrace://{pipeline}/{what}", group=GROUP, **arguments
    )
