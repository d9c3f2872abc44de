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
    from headrace.records.entities import Artifact, Records
    from headrace.records.lineage import Branch, Step


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
    parser.add_argument("--json", action="store_true", help="print the graph as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the lineage.

    Raises:
        HeadraceError: the store cannot be read, or has no such artifact.
    """
    from headrace.records.client import ask
    from headrace.records.questions import LineageQuestion
    from headrace.settings import load_settings

    records = ask(load_settings(), LineageQuestion(args.artifact_id, args.depth))
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

    made_from, made_into = upstream(records, artifact_id), downstream(records, artifact_id)
    label = _named(made_from.artifact)
    before = tuple(_step(step, "made by", "from") for step in made_from.steps)
    after = tuple(_step(step, "read by", "made") for step in made_into.steps)
    print_tree(Item(f"{label}, upstream", before or (Item("no node in the store has made it"),)))
    print()
    print_tree(Item(f"{label}, downstream", after or (Item("nothing has read it"),)))


def _step(step: Step, doing: str, reaching: str) -> Item:
    done = step.execution
    place = f"run {done.run_id} of {done.pipeline}" if done.run_id else "no run"
    label = f"{doing} {done.node_id or done.component} as {step.key}"
    below = tuple(_branch(key, branch, doing, reaching) for key, branch in step.reached)
    return Item(f"{label}  (execution {done.id}, {done.state}, {place})", below)


def _branch(key: str, branch: Branch, doing: str, reaching: str) -> Item:
    label = f"{reaching} {key}: {_named(branch.artifact)}"
    if branch.repeated:
        return Item(f"{label}  (see above)")
    return Item(label, tuple(_step(step, doing, reaching) for step in branch.steps))


def _named(artifact: Artifact) -> str:
    state = "" if artifact.state == "live" else f", {artifact.state}"
    return f"{artifact.type} {artifact.id}{state}  {artifact.uri}".rstrip()
