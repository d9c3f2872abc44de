"""``headrace backup``: copy the metadata store, also while nodes run."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from headrace.errors import EXIT_DONE


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "backup",
        help="copy the metadata store, an SQLite file, also while nodes run",
        description=(
            "Copy the metadata store as it is at one moment, through SQLite's own backup, check "
            "the copy and put it in place whole. What artifacts hold is not copied."
        ),
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="the copy (default: a new one below .headrace/backups)",
    )
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the copy.

    Raises:
        UsageError: there is no store yet, it is a server's, or the file exists.
        HeadraceError: it cannot be copied.
    """
    from headrace.keeping.backups import back_up, default_file, store_file
    from headrace.settings import load_settings

    settings = load_settings()
    file = args.file.absolute() if args.file else default_file(settings)
    done = back_up(store_file(settings), file)
    if args.json:
        print(json.dumps(asdict(done)))
        return EXIT_DONE
    print(f"copied {done.store} to {done.file}")
    print(
        f"  {done.bytes} bytes, schema {done.schema}: {done.executions} executions, "
        f"{done.artifacts} artifacts"
    )
    return EXIT_DONE
