"""Airflow's components, as commands."""

from __future__ import annotations

import sys

from headrace.services.ports import HOST, Ports

SERVERS = ("api-server", "log-server")
"""Stopped last: what the others do while they stop is still reported."""
NAMES = (*SERVERS, "scheduler", "dag-processor", "triggerer")


def command(name: str, ports: Ports) -> list[str]:
    """The command line of a component; no secret is in it."""
    airflow = [sys.executable, "-m", "airflow"]
    if name == "api-server":
        own = [sys.executable, "-m", "headrace.airflow.api_server"]
        return [*own, name, "--host", HOST, "--port", str(ports.api), "--workers", "1"]
    if name == "log-server":
        # The log servers that a scheduler and a triggerer start listen on every interface.
        app = "airflow.utils.serve_logs.log_server:get_app"
        uvicorn = [sys.executable, "-m", "uvicorn", app, "--factory", "--no-access-log"]
        return [*uvicorn, "--host", HOST, "--port", str(ports.logs)]
    if name in ("scheduler", "triggerer"):
        return [*airflow, name, "--skip-serve-logs"]
    return [*airflow, name]


def migrate_command() -> list[str]:
    """Makes the database, or brings it to the installed Airflow's version."""
    return [sys.executable, "-m", "airflow", "db", "migrate"]
