"""``headrace demo``: see a real pipeline succeed in a real Airflow."""

from __future__ import annotations

import argparse
from typing import Any

from headrace.cli.values import parameter


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "demo",
        help="run the example pipeline on real data through a real Airflow",
        description=(
            "Start Airflow, run a pipeline's DAG on real data, follow it, and show each node, the "
            "metrics and a prediction of the pushed model. Whatever was started is stopped again."
        ),
    )
    parser.add_argument("--pipeline", default="penguins", metavar="NAME", help="DAG to run")
    parser.add_argument("--runner", choices=("direct", "flink"), help="Beam runner")
    parser.add_argument(
        "--param",
        action="append",
        type=parameter,
        default=[],
        metavar="NAME=VALUE",
        help="a runtime parameter; may be given again",
    )
    parser.add_argument("--keep", action="store_true", help="leave Airflow running, as with up")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo."""
    from headrace.demo.demo import DemoRequest, run_demo
    from headrace.settings import load_settings

    request = DemoRequest(
        dag_id=args.pipeline,
        parameters=dict(args.param),
        runner=args.runner or "",
        keep=args.keep,
        as_json=args.json,
    )
    return run_demo(load_settings(), request)
