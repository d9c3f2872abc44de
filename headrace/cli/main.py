"""Parses the command line and turns errors into one message and an exit code."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence

from headrace import __version__
from headrace.errors import EXIT_FAILED, EXIT_USAGE, HeadraceError, UsageError

COMMANDS = (
    "demo",
    "up",
    "down",
    "status",
    "backfill",
    "run",
    "compile",
    "new",
    "flink",
    "stream",
    "runs",
    "show",
    "artifacts",
    "lineage",
    "rollback",
    "backup",
    "restore",
    "migrate",
    "gc",
    "doctor",
    "test",
    "bench",
)
"""Modules of this package, one a command, in the order that help shows them."""

_SHOWN = 80
_INTERRUPTED = 128 + signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 the work failed, 2 wrong use."""
    parser = build_parser()
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments:
        parser.print_help()
        return EXIT_USAGE
    args, rest = parser.parse_known_args(arguments)
    if rest and not getattr(args, "takes_rest", False):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if getattr(args, "takes_rest", False):
        args.rest = rest
    try:
        return int(args.run(args))
    except HeadraceError as error:
        report(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nheadrace: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has gone; a second failure while flushing would hide that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except OSError as error:
        # No file can be named so, wherever the name has come from.
        if error.errno != errno.ENAMETOOLONG:
            raise
        report(UsageError(_too_long(error), "give a shorter one"))
        return EXIT_USAGE


def _too_long(error: OSError) -> str:
    name = str(error.filename or error)
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    return f"{shown}: too long for a path or the name of a file"


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every command's own parser in it."""
    parser = argparse.ArgumentParser(
        prog="headrace",
        description="TFX pipelines on Apache Airflow 3, with Apache Beam on Apache Flink.",
    )
    parser.add_argument("--version", action="version", version=f"headrace {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"headrace.cli.{name}").add_parser(commands)
    return parser


def report(error: HeadraceError) -> None:
    """Print an error for a person: what was wrong, then what to do."""
    print(f"headrace: {error.message}", file=sys.stderr)
    for line in error.hint.splitlines():
        print(f"  {line}", file=sys.stderr)
