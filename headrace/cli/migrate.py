"""``headrace migrate``: upgrade the metadata store's schema, with a backup first."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from headrace.errors import EXIT_DONE


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "migrate",
        help="upgrade the metadata store to the schema of the installed ML Metadata",
        description=(
            "Upgrade the metadata store's schema, while nothing of headrace runs. Nothing else "
            "ever does. An SQLite file is copied first; of a database server, say with "
            "--backed-up that you have a backup."
        ),
    )
    parser.add_argument(
        "--backed-up", action="store_true", help="of a database server: there is a backup"
    )
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Upgrade it; nothing is done where it is current.

    Raises:
        UsageError: something runs, there is no store, or no backup of a server's.
        HeadraceError: it cannot be upgraded; the store and its backup are named.
    """
    from headrace.keeping.migrating import migrate
    from headrace.settings import load_settings

    done = migrate(load_settings(), backed_up=args.backed_up)
    if args.json:
        print(json.dumps(asdict(done)))
        return EXIT_DONE
    print(f"{done.store} has the schema of the installed ML Metadata")
    if done.backup:
        print(f"  it had schema {done.before}, has {done.after}; as it was: {done.backup}")
    return EXIT_DONE
