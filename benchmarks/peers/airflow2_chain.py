"""Peer: a chain of nodes that do nothing, by TFX's AirflowDagRunner. A DAG file for Airflow 2."""

import datetime
import os
from pathlib import Path

from tfx import v1 as tfx
from tfx.orchestration.airflow import airflow_dag_runner

from benchmarks.peers import trivial

place = Path(os.environ["HEADRACE_BENCH_PLACE"])
pipeline = trivial.chain(int(os.environ["HEADRACE_BENCH_NODES"]))
config = airflow_dag_runner.AirflowPipelineConfig(
    {"schedule": None, "start_date": datetime.datetime(2024, 1, 1), "catchup": False}
)
DAG = airflow_dag_runner.AirflowDagRunner(config).run(
    tfx.dsl.Pipeline(
        pipeline_name="chain",
        pipeline_root=str(place / "artifacts"),
        components=pipeline.components,
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(place / "metadata.sqlite")
        ),
    )
)
