"""``headrace restore FILE``: put a copy of the metadata store back."""

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
        "restore",
        help="put a copy of the metadata store back; the present one is kept",
        description=(
            "Make a copy that backup has made the metadata store again, while nothing of headrace "
            "runs. The store that it replaces is kept beside it."
        ),
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the copy")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Put it back.

    Raises:
        UsageError: something of headrace runs, the store is a server's, or there is no such file.
        HeadraceError: the file is no sound store.
    """
    from headrace.keeping.backups import put_back, store_file
    from headrace.keeping.idle import require_idle
    from headrace.settings import load_settings

    settings = load_settings()
    store = store_file(settings)
    require_idle(settings, store)
    done = put_back(args.file.absolute(), store)
    if args.json:
        print(json.dumps(asdict(done)))
        return EXIT_DONE
    print(f"{done.store} is {done.backup} again")
    print(f"  schema {done.schema}: {done.executions} executions, {done.artifacts} artifacts")
    if done.previous:
        print(f"  the store that was there is now {done.previous}")
    return EXIT_DONE
