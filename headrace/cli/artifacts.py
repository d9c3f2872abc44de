"""``headrace artifacts``: what runs have put out."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from headrace.cli import formats
from headrace.cli.show import artifact_document
from headrace.cli.tables import print_table
from headrace.cli.values import count
from headrace.errors import EXIT_DONE

if TYPE_CHECKING:
    from headrace.records.entities import Records

_STATES = ("live", "pending", "abandoned", "marked_for_deletion", "deleted", "reference", "unknown")
_COLUMNS = ("id", "type", "name", "pipeline", "run", "node", "state", "created", "URI")


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "artifacts",
        help="list artifacts, the newest first",
        description=(
            "List the artifacts in the metadata stores, the newest first, with the run and the "
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
    from headrace.records.answers import those_found
    from headrace.records.client import ask
    from headrace.records.questions import ArtifactsQuestion
    from headrace.settings import load_settings

    question = ArtifactsQuestion(args.limit, args.type, args.of_run, args.pipeline, args.state)
    stores, notices = those_found(ask(load_settings(), question))
    listed = [
        (artifact.created_ms, artifact.id, document)
        for store, records in stores.items()
        for artifact, document in zip(records.artifacts, documents(records, store), strict=True)
    ]
    listed.sort(key=lambda item: item[:2] if len(stores) > 1 else item[1:2], reverse=True)
    found = listed[: args.limit or None]
    if notices or not found:
        print("\n".join(notices) or "there is no such artifact", file=sys.stderr)
    if args.json:
        print(json.dumps([document for _, _, document in found]))
        return EXIT_DONE
    columns = _COLUMNS if len({item["store"] for _, _, item in found}) < 2 else (*_COLUMNS, "store")
    rows = [_cells(item, formats.moment(created))[: len(columns)] for created, _, item in found]
    print_table(columns, rows)
    total = sum(records.total for records in stores.values())
    if len(found) < total:
        print(f"{len(found)} of {total}; --limit 0 shows all", file=sys.stderr)
    return EXIT_DONE


def documents(records: Records, store: str) -> list[dict[str, Any]]:
    """The artifacts of a store as JSON, each with what made it."""
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
                "store": store,
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
        item["store"],
    )
