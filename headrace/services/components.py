"""Airflow's components, as commands."""

from __future__ import annotations

from headrace.services.instance import Instance

NAMES = ("api-server", "scheduler", "dag-processor", "triggerer")


def command(instance: Instance, name: str, port: int) -> list[str]:
    """The command line of a component; no secret is in it."""
    base = [str(instance.settings.layout.airflow_python), "-m", "airflow", name]
    if name == "api-server":
        return [*base, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return base


def migrate_command(instance: Instance) -> list[str]:
    """Makes the database, or brings it to the installed Airflow's version."""
    return [str(instance.settings.layout.airflow_python), "-m", "airflow", "db", "migrate"]
