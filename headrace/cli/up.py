"""``headrace up``: Airflow with every DAG, and Flink if asked for, until ``headrace down``."""

from __future__ import annotations

import argparse
import time
from typing import Any

from headrace.cli import beam
from headrace.errors import EXIT_DONE, UsageError


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "up", help="start Airflow with every DAG (and Flink), and leave it running"
    )
    parser.add_argument("--port", type=int, help="of Airflow's UI and API (default: a free one)")
    beam.add_options(parser, "Beam runner of the DAGs")
    parser.add_argument(
        "--foreground", action="store_true", help="stay, and stop Airflow on Ctrl-C"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Start, wait until ready, and say how to log in."""
    from headrace.bootstrap.progress import Progress
    from headrace.cli.flink import print_access, say
    from headrace.flink import control as flink
    from headrace.launcher.warming import warm_launcher
    from headrace.services import control
    from headrace.services.instance import main_instance
    from headrace.settings import Runner, load_settings

    asked = beam.chosen_runner(args)
    settings = beam.with_options(load_settings(), args)
    instance = main_instance(settings)
    before = control.running(instance)
    if before is not None:
        _require_same(before.runner or settings.runner.value, asked, args)
        print("Airflow is up already")
    runner = asked or (before.runner if before is not None else "") or settings.runner.value
    needs_flink = runner == Runner.FLINK.value
    # First, because what it lacks on this machine is said before anything runs.
    flink_started = needs_flink and flink.start(settings, Progress())
    cluster = None
    try:
        if before is None:
            warm_launcher(settings)
            control.start(instance, args.port, asked)
        control.wait_until_ready(instance, say)
        if needs_flink:
            cluster = flink.wait_until_ready(settings, say)
    except BaseException:
        if before is None:
            control.stop(instance)
        if flink_started:
            flink.stop(settings)
        raise
    _print_access(instance)
    if cluster is not None:
        print_access(cluster)
    print("stop it with: bin/headrace down")
    if args.foreground:
        try:
            _stay(instance)
        finally:
            if flink_started:
                flink.stop(settings)
    return EXIT_DONE


def _require_same(running: str, asked: str, args: argparse.Namespace) -> None:
    if asked not in ("", running) or args.beam_args or args.flink_master:
        raise UsageError(
            f"Airflow runs already, with runner {running} and the Beam arguments it was given",
            "stop it first with bin/headrace down",
        )


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


def _stay(instance: Any) -> None:
    from headrace.services import control

    try:
        while control.running(instance) is not None:
            time.sleep(1.0)
    finally:
        control.stop(instance)
