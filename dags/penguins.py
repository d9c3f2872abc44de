"""The penguins pipeline as an Airflow DAG."""

from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "pipelines/penguins/pipeline.py:create_pipeline",
    max_active_runs=1,
    default_args={"retries": 1},
)
