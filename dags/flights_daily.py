"""The daily flights pipeline: once for each day of 2013, by a backfill."""

from datetime import datetime, timedelta, timezone

from airflow.sdk import CronDataIntervalTimetable

from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "pipelines/flights/daily.py:create_pipeline",
    span_parameter="span",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2013, 1, 1, tzinfo=timezone.utc),
    end_date=datetime(2013, 12, 31, tzinfo=timezone.utc),
    max_active_runs=1,  # each day's model learns on from the one before
    default_args={"retries": 1, "retry_delay": timedelta(seconds=10)},
)
