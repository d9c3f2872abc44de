"""TFX pipelines as Airflow 3 DAGs. Airflow environment only.

In a DAG file::

    from headrace.airflow import pipeline_dag

    dag = pipeline_dag("pipelines/penguins/pipeline.py:create_pipeline", schedule="@daily")

``headrace.airflow.arrivals`` is imported by itself, by the DAG files that need it.
"""

from headrace.airflow.assets import each_span, examples, pushed_model, raw_data
from headrace.airflow.factory import pipeline_dag

__all__ = [
    "each_span",
    "examples",
    "pipeline_dag",
    "pushed_model",
    "raw_data",
]
