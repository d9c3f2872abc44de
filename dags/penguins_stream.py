"""Keeps the stream of penguins running, once it is unpaused; needs Flink."""

from headrace.airflow.streams import stream_dag

dag = stream_dag("penguins", pipeline="penguins_stream", is_paused_upon_creation=True)
