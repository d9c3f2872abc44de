"""Peer: penguins as a DAG of TFX's own AirflowDagRunner. A DAG file for Airflow 2."""

import datetime
import os
from pathlib import Path

from tfx import v1 as tfx
from tfx.orchestration.airflow import airflow_dag_runner

from pipelines.penguins.pipeline import create_pipeline

# TFX's AirflowDagRunner refuses runtime parameters that are not texts, so this has defaults.
tfx.dsl.experimental.RuntimeParameter = lambda name, ptype, default: default

place = Path(os.environ["HEADRACE_BENCH_PLACE"])
config = airflow_dag_runner.AirflowPipelineConfig(
    {"schedule": None, "start_date": datetime.datetime(2024, 1, 1), "catchup": False}
)
DAG = airflow_dag_runner.AirflowDagRunner(config).run(
    create_pipeline(
        pipeline_root=str(place / "artifacts"),
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(place / "metadata.sqlite")
        ),
    )
)
