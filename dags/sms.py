"""The sms pipeline as an Airflow DAG."""

from datetime import timedelta

from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "pipelines/sms/pipeline.py:create_pipeline",
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=10)},
)
