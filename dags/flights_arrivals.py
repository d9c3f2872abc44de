"""Flights as they arrive: what is put into the days' directory is announced, and trained on."""

from datetime import timedelta
from pathlib import Path

from headrace.airflow import each_span, pipeline_dag, raw_data
from headrace.airflow.arrivals import arrivals_dag
from headrace.settings import load_settings

arrivals = arrivals_dag(
    "flights_daily",
    load_settings(Path(__file__)).home / "data" / "flights" / "days",
    since="20140101",  # 2013 is there from the beginning: a backfill trains on it
)
training = pipeline_dag(
    "pipelines/flights/daily.py:create_pipeline",
    dag_id="flights_on_arrival",
    span_parameter="span",
    schedule=each_span(raw_data("flights_daily")),
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=10)},
)
