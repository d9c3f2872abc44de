"""``headrace stream start|status|stop NAME``: a streaming job that goes on where it left off."""

from __future__ import annotations

import argparse
import json
from typing import Any

from headrace.errors import EXIT_DONE, EXIT_FAILED


def add_parser(commands: Any) -> None:
    """Register the command and its own commands."""
    parser = commands.add_parser("stream", help="start, stop or look at a stream on Flink")
    own = parser.add_subparsers(dest="stream_command", required=True, metavar="COMMAND")
    start = _own(own, "start", _start, "start it where it left off; nothing if it runs")
    start.add_argument(
        "--fresh",
        action="store_true",
        help="without savepoint or checkpoint: read its files again in the same order",
    )
    status = _own(own, "status", _status, "say how it is and what it has done; 1: it does not run")
    status.add_argument("--json", action="store_true", help="print it as JSON")
    _own(own, "stop", _stop, "stop it with a savepoint, which the next start goes on from")


def _own(commands: Any, name: str, run: Any, text: str) -> Any:
    parser = commands.add_parser(name, help=text)
    parser.add_argument(
        "name",
        metavar="NAME",
        help="pipelines/NAME/stream.py:create_stream, or path/to/file.py:function",
    )
    parser.set_defaults(run=run)
    return parser


def _start(args: argparse.Namespace) -> int:
    """Start."""
    from headrace.settings import load_settings
    from headrace.streams import control

    started = control.start(load_settings(), args.name, fresh=args.fresh)
    if not started.began:
        print(f"stream {started.name} runs already: Flink job {started.job_id}")
        return EXIT_DONE
    print(f"stream {started.name} started: Flink job {started.job_id}")
    if started.restored:
        print(f"  goes on from {started.restored}")
    return EXIT_DONE


def _status(args: argparse.Namespace) -> int:
    """Print the state; 0 if it runs, 1 if it does not."""
    from headrace.settings import load_settings
    from headrace.streams import control

    found = control.status(load_settings(), args.name)
    if args.json:
        print(json.dumps(found))
    else:
        print(f"stream {found['name']}: {found['state']}")
        for key in ("reason", "job_id", "savepoint", "directory"):
            if found[key]:
                print(f"  {key.replace('_', ' '):15} {found[key]}")
        for key, count in found["counts"].items():
            print(f"  {key.replace('_', ' '):15} {count:,}")
    return EXIT_DONE if control.is_running(found) else EXIT_FAILED


def _stop(args: argparse.Namespace) -> int:
    """Stop; standard output has the savepoint's path and nothing else."""
    from headrace.settings import load_settings
    from headrace.streams import control

    print(control.stop(load_settings(), args.name))
    return EXIT_DONE
