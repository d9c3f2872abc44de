"""``headrace gc``: remove artifacts that nothing needs any more."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from headrace.cli import formats
from headrace.cli.tables import print_table
from headrace.cli.values import count
from headrace.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from headrace.keeping.garbage import Collected

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_STATES = ("live", "pending", "abandoned", "marked_for_deletion")


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "gc",
        help="say which artifacts nothing needs any more, and remove them with --delete",
        description=(
            "Say which artifacts may go, with bytes by pipeline: old, of none of a pipeline's "
            "newest runs, and no part of what a model came from that is blessed, pushed or stays. "
            "With --delete their files are removed, and the store calls them deleted."
        ),
    )
    parser.add_argument(
        "--older-than",
        type=duration,
        default=30 * 86400.0,
        metavar="AGE",
        help="since anything last wrote, read or reused it, such as 90m, 12h, 30d (the default) "
        "or 8w",
    )
    parser.add_argument(
        "--keep",
        type=count,
        default=3,
        metavar="N",
        help="the newest N runs of each pipeline keep all (default 3)",
    )
    parser.add_argument(
        "--state",
        action="append",
        default=[],
        choices=_STATES,
        help="in this state only; may be given again",
    )
    parser.add_argument("--pipeline", default="", metavar="NAME", help="that this pipeline made")
    parser.add_argument("--list", action="store_true", help="show each artifact")
    parser.add_argument("--delete", action="store_true", help="remove them; without it, only tell")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tell or remove; 1 if a store cannot be used or files could not be removed.

    Raises:
        HeadraceError: the stores cannot be asked.
    """
    from headrace.keeping.collecting import Policy
    from headrace.keeping.garbage import collect
    from headrace.settings import load_settings

    policy = Policy(args.older_than, args.keep, tuple(args.state), args.pipeline)
    done = collect(load_settings(), policy, delete=args.delete)
    failed = any(item.error or any(one.error for one in item.artifacts) for item in done)
    if args.json:
        print(json.dumps([_document(item) for item in done]))
    else:
        for item in done:
            _print(item, lists=args.list)
        if not done:
            print("nothing has run yet", file=sys.stderr)
        elif not args.delete and any(item.artifacts for item in done):
            print("nothing was removed; the same command with --delete does so", file=sys.stderr)
    return EXIT_FAILED if failed else EXIT_DONE


def duration(text: str) -> float:
    """Read an age: ``90m``, ``12h``, ``30d``, ``8w``, or ``0``.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    match = re.fullmatch(r"(\d+)([mhdw])|(0)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not an age such as 90m, 12h, 30d or 8w")
    return 0.0 if match[3] else float(match[1]) * _SECONDS[match[2]]


def _document(item: Collected) -> dict[str, Any]:
    pipelines = {
        name: {"artifacts": number, "bytes": size}
        for name, (number, size) in item.by_pipeline().items()
    }
    return {**asdict(item), "pipelines": pipelines}


def _print(item: Collected, *, lists: bool) -> None:
    print(f"{'removed from' if item.deleted else 'may go from'} {item.store}")
    if item.error:
        print(f"headrace: {item.error}", file=sys.stderr)
        return
    if lists and item.artifacts:
        columns = ("id", "type", "pipeline", "run", "node", "size", "directory")
        print_table(columns, [_cells(one) for one in item.artifacts if not one.error])
    rows = [
        (name, str(number), formats.size(total))
        for name, (number, total) in item.by_pipeline().items()
    ]
    if rows:
        print_table(("pipeline", "artifacts", "size"), [*rows, *_total(rows, item)])
    else:
        print("nothing")
    if item.lineage:
        print(f"{item.lineage} more are old, but a model that stays came from them")
    if item.foreign:
        print(
            f"{item.foreign} more are old, but their files are not in a node's own directory here"
        )
    for one in item.artifacts:
        if one.error:
            print(f"headrace: artifact {one.id} stays: {one.error}", file=sys.stderr)


def _total(rows: Sequence[Any], item: Collected) -> list[tuple[str, str, str]]:
    if len(rows) < 2:
        return []
    number = sum(number for number, _ in item.by_pipeline().values())
    total = sum(size for _, size in item.by_pipeline().values())
    return [("all", str(number), formats.size(total))]


def _cells(one: Any) -> tuple[str, ...]:
    return (
        str(one.id),
        one.type,
        one.pipeline,
        one.run_id,
        one.node_id,
        formats.size(one.bytes),
        one.directory,
    )
