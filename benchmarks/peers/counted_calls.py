"""Runs the pipeline of small nodes by TFX's LocalDagRunner, and counts its calls of the store.

Usage: counted_calls.py STORE STATISTICS DIRECTORY
STORE is an SQLite file, or PostgreSQL's host,port,user,password,database. Writes what a node took.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import v1 as tfx
from tfx.orchestration import metadata
from tfx.orchestration.local import local_dag_runner

from benchmarks.peers import small_nodes

store, statistics, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
tfx.dsl.experimental.RuntimeParameter = lambda name, ptype, default: {
    "statistics": statistics,
    "until": "",
}[name]
if store.endswith(".sqlite"):
    config = metadata.sqlite_metadata_connection_config(store)
else:
    config = metadata_store_pb2.ConnectionConfig()
    names = ("host", "port", "user", "password", "dbname")
    for name, value in zip(names, store.split(","), strict=True):
        setattr(config.postgresql, name, value)
calls = {"calls": 0, "open": 0}
call, open_store = mlmd.MetadataStore._call, mlmd.MetadataStore.__init__


def counted_call(self: Any, *arguments: Any) -> Any:
    calls["calls"] += 1
    return call(self, *arguments)


def counted_open(self: Any, *arguments: Any, **options: Any) -> None:
    calls["open"] += 1
    open_store(self, *arguments, **options)


mlmd.MetadataStore._call, mlmd.MetadataStore.__init__ = counted_call, counted_open
pipeline = small_nodes.create_pipeline(str(place / "artifacts"), config)
start = time.monotonic()
local_dag_runner.LocalDagRunner().run(pipeline)
nodes = len(pipeline.components)
seconds = time.monotonic() - start
place.mkdir(parents=True, exist_ok=True)
(place / "cost.json").write_text(
    json.dumps({"seconds": seconds / nodes, **{key: n / nodes for key, n in calls.items()}})
)
