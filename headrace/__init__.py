"""headrace: TFX pipelines on Apache Airflow 3, with Apache Beam on Apache Flink.

This package has two sides that never import each other: ``headrace.airflow`` runs in the Airflow
environment, ``headrace.compiler`` and ``headrace.node`` in the TFX environment. Everything else is
shared by both and imports neither Airflow nor TFX.
"""

__version__ = "0.1.0"
