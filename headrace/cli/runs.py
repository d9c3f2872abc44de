"""``headrace runs``: the pipeline runs that the metadata store knows of."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from headrace.cli import formats
from headrace.cli.tables import print_table
from headrace.cli.values import count
from headrace.errors import EXIT_DONE

_COLUMNS = ("run", "pipeline", "state", "nodes", "started", "duration")


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "runs",
        help="list pipeline runs, the newest first",
        description="List the pipeline runs in the metadata stores, the newest first.",
    )
    parser.add_argument("--pipeline", default="", metavar="NAME", help="of this pipeline only")
    parser.add_argument(
        "--limit", type=count, default=20, metavar="N", help="at most N (default 20; 0: all)"
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the runs; having none is no error.

    Raises:
        HeadraceError: the store cannot be read, or no such pipeline has run.
    """
    from headrace.records.answers import those_found
    from headrace.records.client import ask
    from headrace.records.questions import RunsQuestion
    from headrace.records.runs import runs_of
    from headrace.settings import load_settings

    answers = ask(load_settings(), RunsQuestion(args.limit, args.pipeline))
    found, notices = those_found(answers)
    executions = [item for records in found.values() for item in records.executions]
    runs = runs_of(executions, time.time_ns() // 1_000_000)[: args.limit or None]
    if notices or not runs:
        print("\n".join(notices) or "nothing has run yet", file=sys.stderr)
    if args.json:
        print(json.dumps([document(item) for item in runs]))
        return EXIT_DONE
    rows = [
        (
            item.run_id,
            item.pipeline,
            item.state,
            counted(item),
            formats.moment(item.started_ms),
            formats.seconds(item.seconds),
        )
        for item in runs
    ]
    print_table(_COLUMNS, rows)
    return EXIT_DONE


def counted(run: Any) -> str:
    """``3 complete, 1 failed``."""
    return ", ".join(f"{number} {state}" for state, number in run.counts().items())


def document(run: Any) -> dict[str, Any]:
    """A run as JSON."""
    return {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "state": run.state,
        "nodes": run.counts(),
        "started": formats.iso_moment(run.started_ms),
        "seconds": run.seconds,
    }
