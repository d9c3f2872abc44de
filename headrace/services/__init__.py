"""Runs Airflow's components on this machine: starts, watches, restarts and stops them."""
