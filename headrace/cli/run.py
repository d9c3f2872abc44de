"""``headrace run TARGET``: run a pipeline without Airflow."""

from __future__ import annotations

import argparse
from typing import Any

from headrace.cli import beam
from headrace.cli.values import raw_parameter


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "run",
        help="run a pipeline without Airflow, independent nodes in parallel",
        description=(
            "Run a pipeline through the launcher, without Airflow. A run that failed or was "
            "stopped goes on with --resume: what has completed is not run again."
        ),
    )
    parser.add_argument(
        "target",
        nargs="?",
        default="",
        metavar="TARGET",
        help="path/to/file.py:function or package.module:function",
    )
    parser.add_argument(
        "--param",
        action="append",
        type=raw_parameter,
        default=[],
        metavar="NAME=VALUE",
        help="a runtime parameter; may be given again",
    )
    beam.add_options(parser)
    parser.add_argument("--keras", choices=("2", "3"), help="major version of Keras")
    parser.add_argument(
        "--from",
        dest="start",
        action="append",
        default=[],
        metavar="NODE",
        help="run this node and what comes after it, with the outputs of an earlier run",
    )
    parser.add_argument(
        "--to",
        dest="end",
        action="append",
        default=[],
        metavar="NODE",
        help="run this node and what comes before it",
    )
    parser.add_argument(
        "--base-run",
        default="",
        metavar="RUN",
        help="with --from: the run whose outputs are reused (the newest that has them)",
    )
    parser.add_argument("--resume", default="", metavar="RUN", help="go on with this run")
    parser.add_argument("--run-id", default="", metavar="RUN", help="id of the new run")
    parser.add_argument(
        "--jobs", type=_positive, default=0, metavar="N", help="greatest number of nodes at once"
    )
    parser.add_argument("--verbose", action="store_true", help="show the nodes' log lines")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.set_defaults(run=run, parser=parser)


def run(args: argparse.Namespace) -> int:
    """Run the pipeline."""
    from headrace.running.run import RunRequest, run_pipeline
    from headrace.settings import load_settings

    if not args.target and not args.resume:
        args.parser.error("TARGET is required, or --resume RUN")
    if args.resume and args.run_id:
        args.parser.error("--run-id names a new run, --resume an old one")
    request = RunRequest(
        target=args.target,
        parameters=dict(args.param),
        runner=beam.chosen_runner(args),
        keras=args.keras or "",
        start=tuple(args.start),
        end=tuple(args.end),
        base_run=args.base_run,
        run_id=args.run_id,
        resume=args.resume,
        jobs=args.jobs,
        verbose=args.verbose,
        as_json=args.json,
    )
    return run_pipeline(beam.with_options(load_settings(), args), request)


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number
