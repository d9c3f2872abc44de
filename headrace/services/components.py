"""Airflow's components, as commands."""

from __future__ import annotations

import sys

NAMES = ("api-server", "scheduler", "dag-processor", "triggerer")


def command(name: str, port: int) -> list[str]:
    """The command line of a component; no secret is in it."""
    base = [sys.executable, "-m", "airflow", name]
    if name == "api-server":
        return [*base, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return base


def migrate_command() -> list[str]:
    """Makes the database, or brings it to the installed Airflow's version."""
    return [sys.executable, "-m", "airflow", "db", "migrate"]
