"""``headrace rollback PIPELINE``: push the model before the live one again."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from headrace.cli.values import count
from headrace.errors import EXIT_DONE


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "rollback",
        help="push the model before the live one again",
        description=(
            "Push the model that a pipeline had pushed before the live one, as a new version, and "
            "keep that as an execution in the metadata store. An Airflow that bin/headrace up has "
            "started gets an event of the pipeline's asset. A second rollback goes one further "
            "back; --to goes to any model that was pushed."
        ),
    )
    parser.add_argument("pipeline", metavar="PIPELINE", help="the pipeline's name")
    parser.add_argument(
        "--to", type=count, default=0, metavar="MODEL_ID", help="id of the model's artifact"
    )
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Roll back.

    Raises:
        UsageError: there is nothing to go back to.
        HeadraceError: it failed.
    """
    from headrace.running.rollback import roll_back
    from headrace.services.rollback_event import announce_rollback
    from headrace.settings import load_settings

    settings = load_settings()
    done = roll_back(settings, args.pipeline, args.to)
    untold = announce_rollback(settings, args.pipeline, done)
    if args.json:
        print(
            json.dumps({**asdict(done), "announced": not untold, "not_announced_because": untold})
        )
        return EXIT_DONE
    print(f"model {done.model} is live again, instead of {done.instead_of}")
    print(f"  version {done.version}: {done.destination}")
    print(f"  execution {done.execution_id}, run {done.run_id}; bin/headrace show {done.run_id}")
    if untold:
        print(f"  no asset event, so no DAG starts by it: {untold}")
    else:
        print(f"  Airflow has an event of {args.pipeline}.pushed_model")
    return EXIT_DONE
