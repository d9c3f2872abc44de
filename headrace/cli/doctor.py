"""``headrace doctor``: what this machine has and lacks, and what dead processes have left."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import headrace
from headrace.cli.tables import print_table
from headrace.cli.values import count
from headrace.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from headrace.keeping.repairing import Repair
    from headrace.keeping.repairs import OpenExecution

_COLUMNS = ("execution", "pipeline", "run", "node", "now", "why")


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "doctor",
        help="say what this machine has and lacks, and the command that mends it",
        description=(
            "Say what this machine has and lacks, with the command that mends it. With --repair: "
            "close the executions whose processes are dead, in the metadata stores, and remove "
            "what these have left on disk and on Flink. What lives is left alone, and so is what "
            "cannot be seen from this host."
        ),
    )
    parser.add_argument("--repair", action="store_true", help="close what dead processes left open")
    parser.add_argument(
        "--execution",
        type=count,
        action="append",
        default=[],
        metavar="ID",
        help="with --repair: close this one too, which another host or program had; "
        "may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run, parser=parser)


def run(args: argparse.Namespace) -> int:
    """Check or repair; 1 if something is lacking, or a store could not be looked at.

    Raises:
        UsageError: an execution that is named cannot be closed.
        HeadraceError: the stores cannot be asked.
    """
    if args.repair:
        return _repair(args)
    if args.execution:
        args.parser.error("--execution goes with --repair")
    # The bootstrap's own checks, which need no environment.
    package = Path(headrace.__file__).parent
    command = [sys.executable, str(package / "bootstrap"), "doctor"]
    return subprocess.run([*command, "--json"] if args.json else command, check=False).returncode


def _repair(args: argparse.Namespace) -> int:
    from headrace.keeping.repairing import repair
    from headrace.settings import load_settings

    done = repair(load_settings(), args.execution)
    if args.json:
        print(json.dumps({"ok": not done.unreadable, **asdict(done)}))
    else:
        _print(done)
    return EXIT_FAILED if done.unreadable else EXIT_DONE


def _print(done: Repair) -> None:
    for store, executions in done.executions.items():
        if executions:
            print(f"open executions in {store}")
            print_table(_COLUMNS, [_cells(item) for item in executions])
    removed = [
        *(place for found in done.executions.values() for item in found for place in item.removed),
        *done.scratch,
    ]
    for place in removed:
        print(f"removed {place}")
    if done.flink_jobs:
        print(f"Flink jobs cancelled: {done.flink_jobs}")
    closed = sum(bool(item.state) for found in done.executions.values() for item in found)
    if not (closed or removed or done.flink_jobs):
        print("nothing to repair")
    for reason in done.unreadable.values():
        print(f"headrace: {reason}", file=sys.stderr)


def _cells(item: OpenExecution) -> tuple[str, ...]:
    return (
        str(item.execution_id),
        item.pipeline,
        item.run_id,
        item.node_id,
        item.state.lower() or "left alone",
        item.reason,
    )
