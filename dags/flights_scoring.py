"""Batch scoring of flights: whenever the daily pipeline has pushed a model."""

from datetime import timedelta

from headrace.airflow import each_span, pipeline_dag, pushed_model

dag = pipeline_dag(
    "pipelines/flights_scoring/pipeline.py:create_pipeline",
    span_parameter="span",
    schedule=each_span(pushed_model("flights_daily")),
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=10)},
)
