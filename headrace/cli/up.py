"""``headrace up``: Airflow with every DAG, until ``headrace down``."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from headrace.errors import EXIT_DONE


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser("up", help="start Airflow with every DAG, and leave it running")
    parser.add_argument("--port", type=int, help="of Airflow's UI and API (default: a free one)")
    parser.add_argument("--runner", choices=("direct", "flink"), help="Beam runner of the DAGs")
    parser.add_argument(
        "--foreground", action="store_true", help="stay, and stop Airflow on Ctrl-C"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Start, wait until ready, and say how to log in."""
    from headrace.services import control
    from headrace.services.instance import main_instance
    from headrace.settings import load_settings

    instance = main_instance(load_settings())
    before = control.running(instance)
    if before is not None:
        print("Airflow is up already")
    else:
        control.start(instance, args.port, args.runner or "")
    try:
        control.wait_until_ready(instance, lambda text: print(f"  {text}", file=sys.stderr))
    except BaseException:
        if before is None:
            control.stop(instance)
        raise
    _print_access(instance)
    if args.foreground:
        _stay(instance)
    return EXIT_DONE


def _print_access(instance: Any) -> None:
    from headrace.services import control
    from headrace.services.environment import USER, password

    state = control.running(instance)
    if state is None:
        return
    print(f"URL       {state.url}")
    print(f"user      {USER}")
    print(f"password  {password(instance)}")
    with control.api(instance, state) as client:
        names = ", ".join(sorted(str(dag["dag_id"]) for dag in client.dags()))
        print(f"DAGs      {names or '(none)'}")
        for error in client.import_errors():
            print(f"broken    {error['filename']}")
            print("\n".join(f"  {line}" for line in error["stack_trace"].splitlines()[-3:]))
    print("stop it with: bin/headrace down")


def _stay(instance: Any) -> None:
    from headrace.services import control

    try:
        while control.running(instance) is not None:
            time.sleep(1.0)
    finally:
        control.stop(instance)
