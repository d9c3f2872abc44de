"""Peer: flights with TFX's CsvExampleGen, under LocalDagRunner. Usage: stock_flights.py DATA PLACE.

Writes ``PLACE/costs.json``: the run's seconds, each node's wall and CPU seconds.
"""

import json
import resource
import sys
import time
from pathlib import Path

from tfx import v1 as tfx
from tfx.orchestration.portable.launcher import Launcher

from pipelines.flights import pipeline

DATA, PLACE = (Path(argument).resolve() for argument in sys.argv[1:])


def cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


nodes: dict[str, dict[str, float]] = {}
launch = Launcher.launch


def timed(self: Launcher) -> object:
    """TFX's own launch of one node, timed."""
    wall, cpu = time.monotonic(), cpu_seconds()
    try:
        return launch(self)
    finally:
        nodes[self._pipeline_node.node_info.id] = {
            "wall": time.monotonic() - wall,
            "cpu": cpu_seconds() - cpu,
        }


Launcher.launch = timed
# The one component of ours takes what CsvExampleGen takes, so the pipeline is the same otherwise.
pipeline.ColumnarExampleGen = tfx.components.CsvExampleGen
flights = pipeline.create_pipeline(
    data_root=str(DATA),
    pipeline_root=str(PLACE / "artifacts"),
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
        str(PLACE / "metadata.sqlite")
    ),
)
start = time.monotonic()
tfx.orchestration.LocalDagRunner().run(flights)
costs = {"seconds": time.monotonic() - start, "nodes": nodes}
(PLACE / "costs.json").write_text(json.dumps(costs))
