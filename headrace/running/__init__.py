"""Runs a compiled pipeline without Airflow: independent nodes in parallel, through the launcher."""
