"""``headrace demo``: see a real pipeline succeed in a real Airflow."""

from __future__ import annotations

import argparse
from typing import Any

from headrace.cli import beam
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
    beam.add_options(parser)
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
        runner=beam.chosen_runner(args),
        own_airflow=bool(args.beam_args or args.flink_master),
        keep=args.keep,
        as_json=args.json,
    )
    return run_demo(beam.with_options(load_settings(), args), request)
