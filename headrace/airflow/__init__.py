"""TFX pipelines as Airflow 3 DAGs. Airflow environment only.

In a DAG file::

    from headrace.airflow import pipeline_dag

    dag = pipeline_dag("pipelines/penguins/pipeline.py:create_pipeline", schedule="@daily")
"""

from headrace.airflow.factory import pipeline_dag

__all__ = ["pipeline_dag"]
