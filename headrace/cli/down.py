"""``headrace down``: stop what ``headrace up`` started, Flink and the launcher."""

from __future__ import annotations

import argparse
from typing import Any

from headrace.errors import EXIT_DONE


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "down", help="stop Airflow, Flink and the launcher, also after a crash"
    )
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    """Stop all; it is no error if nothing runs."""
    from headrace.flink import control as flink
    from headrace.launcher.client import stop_launcher
    from headrace.services import control
    from headrace.services.instance import main_instance
    from headrace.settings import load_settings

    settings = load_settings()
    airflow = control.stop(main_instance(settings))
    launcher = stop_launcher(settings)
    print("Airflow stopped" if airflow else "Airflow was not running")
    # After what submits jobs to it.
    if flink.stop(settings):
        print("Flink stopped")
    if launcher:
        print("launcher stopped")
    return EXIT_DONE
