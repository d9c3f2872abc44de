"""``headrace artifacts``: what runs have put out."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from headrace.cli import formats
from headrace.cli.show import artifact_document
from headrace.cli.tables import print_table
from headrace.cli.values import count
from headrace.errors import EXIT_DONE

_STATES = ("live", "pending", "abandoned", "marked_for_deletion", "deleted", "reference", "unknown")
_COLUMNS = ("id", "type", "name", "pipeline", "run", "node", "state", "created", "URI")


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "artifacts",
        help="list artifacts, the newest first",
        description=(
            "List the artifacts in the metadata store, the newest first, with the run and the "
            "node that made each."
        ),
    )
    parser.add_argument("--type", default="", metavar="T", help="of this type, such as Model")
    parser.add_argument(
        "--run", dest="of_run", default="", metavar="RUN", help="that this run made or reused"
    )
    parser.add_argument("--pipeline", default="", metavar="NAME", help="that this pipeline made")
    parser.add_argument("--state", default="", choices=_STATES, help="in this state")
    parser.add_argument(
        "--limit", type=count, default=50, metavar="N", help="at most N (default 50; 0: all)"
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the artifacts; having none is no error.

    Raises:
        HeadraceError: the store cannot be read, or has no such type, run or pipeline.
        UsageError: there are several such runs.
    """
    from headrace.records.client import ask
    from headrace.records.questions import ArtifactsQuestion
    from headrace.settings import load_settings

    question = ArtifactsQuestion(args.limit, args.type, args.of_run, args.pipeline, args.state)
    records = ask(load_settings(), question)
    found = documents(records)
    if records.notice or not found:
        print(records.notice or "there is no such artifact", file=sys.stderr)
    if args.json:
        print(json.dumps(found))
        return EXIT_DONE
    times = [formats.moment(artifact.created_ms) for artifact in records.artifacts]
    print_table(_COLUMNS, [_cells(*pair) for pair in zip(found, times, strict=True)])
    if len(found) < records.total:
        more = f"{len(found)} of {records.total}; --limit 0 shows all"
        print(more, file=sys.stderr)
    return EXIT_DONE


def documents(records: Any) -> list[dict[str, Any]]:
    """The artifacts as JSON, each with what made it."""
    made = {link.artifact_id: link for link in records.links}
    executions = {item.id: item for item in records.executions}
    found = []
    for artifact in records.artifacts:
        link = made.get(artifact.id)
        maker = executions.get(link.execution_id) if link else None
        found.append(
            {
                **artifact_document(artifact),
                "pipeline": maker.pipeline if maker else "",
                "run_id": maker.run_id if maker else "",
                "node_id": maker.node_id if maker else "",
                "key": link.key if link and maker else "",
                "execution_id": maker.id if maker else None,
            }
        )
    return found


def _cells(item: dict[str, Any], created: str) -> tuple[str, ...]:
    return (
        str(item["id"]),
        item["type"],
        item["name"],
        item["pipeline"],
        item["run_id"],
        item["node_id"],
        item["state"],
        created,
        item["uri"],
    )
