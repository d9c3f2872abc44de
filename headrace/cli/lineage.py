"""``headrace lineage ARTIFACT_ID``: what an artifact was made from, and what was made from it."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from headrace.cli.show import artifact_document, execution_document
from headrace.cli.tables import Item, print_tree
from headrace.cli.values import count
from headrace.errors import EXIT_DONE

if TYPE_CHECKING:
    from headrace.records.entities import Artifact, Execution, Records
    from headrace.records.lineage import Origin, Use

_REPEATED = "(in full elsewhere)"


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "lineage",
        help="show what an artifact was made from, and what was made from it",
        description=(
            "Show the execution that made an artifact, its inputs and theirs; then the executions "
            "that read it, and what they put out."
        ),
    )
    parser.add_argument("artifact_id", type=count, metavar="ARTIFACT_ID")
    parser.add_argument(
        "--depth", type=count, default=20, metavar="N", help="executions each way (default 20)"
    )
    parser.add_argument(
        "--pipeline",
        default="",
        metavar="NAME",
        help="where two stores have an artifact of that id",
    )
    parser.add_argument("--json", action="store_true", help="print the graph as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the lineage.

    Raises:
        HeadraceError: the store cannot be read, or has no such artifact.
        UsageError: several stores have one.
    """
    from headrace.records.answers import the_first_one
    from headrace.records.client import ask
    from headrace.records.questions import LineageQuestion
    from headrace.settings import load_settings

    question = LineageQuestion(args.artifact_id, args.depth, args.pipeline)
    records = the_first_one(ask(load_settings(), question), f"an artifact {args.artifact_id}")
    if args.json:
        print(json.dumps(_document(records, args.artifact_id)))
        return EXIT_DONE
    _print(records, args.artifact_id)
    if records.notice:
        print(f"\n{records.notice}", file=sys.stderr)
    return EXIT_DONE


def _document(records: Records, artifact_id: int) -> dict[str, Any]:
    return {
        "artifact_id": artifact_id,
        "artifacts": [artifact_document(item) for item in records.artifacts],
        "executions": [execution_document(item) for item in records.executions],
        "links": [asdict(link) for link in records.links],
        "notice": records.notice,
    }


def _print(records: Records, artifact_id: int) -> None:
    from headrace.records.lineage import downstream, upstream

    made = upstream(records, artifact_id)
    home = _run_of(made.maker)
    print(f"{_named(made.artifact)}  {made.artifact.uri}\n")
    if made.maker is None:
        print("no node in the store has made it\n")
    else:
        by = f"made by {made.maker.node_id} ({_execution(made.maker)}{home})"
        inputs = tuple(_origin(key, origin, home) for key, origin in made.inputs)
        print_tree(Item(by, inputs))
        print()
    uses = tuple(_use(use, home) for use in downstream(records, artifact_id))
    print_tree(Item("read by" if uses else "nothing has read it", uses))


def _origin(key: str, origin: Origin, home: str) -> Item:
    label = f"{key}: {_named(origin.artifact)}"
    if origin.repeated:
        return Item(f"{label} {_REPEATED}")
    if origin.maker is not None:
        made = f"{_execution(origin.maker)}{_elsewhere(origin.maker, home)}"
        label += f", made by {origin.maker.node_id} ({made})"
    return Item(label, tuple(_origin(name, item, home) for name, item in origin.inputs))


def _use(use: Use, home: str) -> Item:
    done = use.execution
    label = f"{done.node_id or done.component} ({_execution(done)}{_elsewhere(done, home)})"
    label += f" as {', '.join(use.keys)}"
    if use.repeated:
        return Item(f"{label} {_REPEATED}")
    made = ", ".join(map(_named, use.made))
    below = tuple(_use(item, home) for item in use.uses)
    return Item(f"{label}; made {made}" if made else label, below)


def _execution(item: Execution) -> str:
    return f"execution {item.id}" + ("" if item.state == "complete" else f", {item.state}")


def _run_of(item: Execution | None) -> str:
    return f", run {item.run_id} of {item.pipeline}" if item is not None and item.run_id else ""


def _elsewhere(item: Execution, home: str) -> str:
    """The run, where it is another than that of the artifact asked for."""
    run = _run_of(item)
    return "" if run == home else run


def _named(artifact: Artifact) -> str:
    state = "" if artifact.state == "live" else f" ({artifact.state})"
    return f"{artifact.type} {artifact.id}{state}"
