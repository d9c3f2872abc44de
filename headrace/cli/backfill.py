"""``headrace backfill DAG FIRST LAST``: a run for each day, in the Airflow of ``headrace up``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from headrace.cli.values import day
from headrace.errors import EXIT_DONE


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "backfill",
        help="run a DAG for each day of a time, in the Airflow of bin/headrace up",
        description=(
            "Have the Airflow that bin/headrace up has started run a DAG for each day from FIRST "
            "to LAST, in their order, as many at once as the DAG's max_active_runs. Days that "
            "have run are left out."
        ),
    )
    parser.add_argument("dag_id", metavar="DAG")
    parser.add_argument("first", metavar="FIRST", type=day, help="as 2013-01-01")
    parser.add_argument("last", metavar="LAST", type=day, help="this day, too")
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--failed",
        action="store_const",
        dest="reprocess",
        const="failed",
        help="days whose run has failed once more, too",
    )
    again.add_argument(
        "--again",
        action="store_const",
        dest="reprocess",
        const="completed",
        help="all days once more, those that have succeeded too",
    )
    parser.add_argument("--json", action="store_true", help="print what was started as JSON")
    parser.set_defaults(run=run, reprocess="none")


def run(args: argparse.Namespace) -> int:
    """Start it, and say where to look."""
    from headrace.services.backfill import start_backfill
    from headrace.settings import load_settings

    begun = start_backfill(load_settings(), args.dag_id, args.first, args.last, args.reprocess)
    if args.json:
        print(json.dumps(asdict(begun)))
        return EXIT_DONE
    print(f"backfill {begun.id} of {begun.dag_id} has begun, {begun.at_once} at once")
    print(f"  {begun.page}")
    return EXIT_DONE
