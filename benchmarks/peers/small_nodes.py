"""Nodes that do next to nothing, one of each kind that has little of its own to do."""

import os
import time

from tfx import v1 as tfx


@tfx.dsl.components.component
def Wait(until: tfx.dsl.components.Parameter[str]) -> None:
    """Says when it began, and waits for a file if one is named."""
    print("executor started:", time.monotonic(), os.getpid(), flush=True)
    while until and not os.path.exists(until):
        time.sleep(0.05)


def create_pipeline(root: str = "", metadata: object = None) -> tfx.dsl.Pipeline:
    """An Importer, a Resolver and a SchemaGen of what it imports, and a node of its own."""
    statistics = tfx.dsl.Importer(
        source_uri=tfx.dsl.experimental.RuntimeParameter(name="statistics", ptype=str, default=""),
        artifact_type=tfx.types.standard_artifacts.ExampleStatistics,
        properties={"split_names": '["train"]'},
    ).with_id("Importer")
    latest = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestArtifactStrategy,
        statistics=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ExampleStatistics),
    ).with_id("Resolver")
    latest.add_upstream_node(statistics)
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["result"])
    wait = Wait(until=tfx.dsl.experimental.RuntimeParameter(name="until", ptype=str, default=""))
    return tfx.dsl.Pipeline(
        pipeline_name="small_nodes",
        pipeline_root=root,
        metadata_connection_config=metadata,
        components=[statistics, latest, schema, wait],
    )
