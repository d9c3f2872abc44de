"""The demo: a real pipeline through a real Airflow, and what came of it."""
