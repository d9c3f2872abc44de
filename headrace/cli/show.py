"""``headrace show RUN``: the nodes of a run, what they cost and what they put out."""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from headrace.cli import formats
from headrace.cli.runs import counted, document
from headrace.cli.tables import aligned, print_table
from headrace.errors import EXIT_DONE

if TYPE_CHECKING:
    from headrace.records.entities import Artifact, Execution, Link, Records
    from headrace.records.runs import Run

_NODES = ("node", "component", "state", "wall", "CPU", "peak memory", "execution", "code", "cache")
_OUTPUTS = ("node", "output", "artifact", "type", "state", "URI")
_DIGITS = 8


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "show",
        help="show the nodes of a run, what they cost and what they put out",
        description="Show a pipeline run, as the metadata store knows it.",
    )
    parser.add_argument("run_id", metavar="RUN", help="a run's id, or the beginning of it")
    parser.add_argument(
        "--pipeline", default="", metavar="NAME", help="where two pipelines had a run of that id"
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the run.

    Raises:
        HeadraceError: the store cannot be read, or has no such run.
        UsageError: there are several.
    """
    from headrace.records.answers import the_only_one
    from headrace.records.client import ask
    from headrace.records.questions import RunQuestion
    from headrace.records.runs import runs_of
    from headrace.settings import load_settings

    answers = ask(load_settings(), RunQuestion(args.run_id, args.pipeline))
    records = the_only_one(answers, f"a run {args.run_id!r}")
    [found] = runs_of(records.executions, time.time_ns() // 1_000_000)
    if args.json:
        print(json.dumps(full_document(found, records)))
    else:
        _print(found, records)
    return EXIT_DONE


def full_document(run: Run, records: Records) -> dict[str, Any]:
    """The run with its executions and their outputs, as JSON."""
    outputs = _outputs(records)
    return {
        **document(run),
        "executions": [
            {**execution_document(item), "outputs": outputs.get(item.id, [])}
            for item in run.executions
        ],
    }


def execution_document(item: Execution) -> dict[str, Any]:
    """An execution as JSON."""
    return {
        "execution_id": item.id,
        "run_id": item.run_id,
        "pipeline": item.pipeline,
        "node_id": item.node_id,
        "component": item.component,
        "state": item.state,
        "cached": item.state == "cached",
        "started": formats.iso_moment(item.created_ms),
        "wall_seconds": item.wall_seconds,
        "cpu_seconds": item.cpu_seconds,
        "peak_memory_bytes": item.peak_memory_bytes,
        "owner": item.owner,
        "code": item.code,
        "cache": item.cache,
        "error": item.error,
        "superseded": item.superseded,
    }


def artifact_document(item: Artifact) -> dict[str, Any]:
    """An artifact as JSON."""
    return {
        "id": item.id,
        "type": item.type,
        "name": item.name,
        "state": item.state,
        "uri": item.uri,
        "created": formats.iso_moment(item.created_ms),
    }


def _outputs(records: Records) -> dict[int, list[dict[str, Any]]]:
    outputs: dict[int, list[dict[str, Any]]] = {}
    for link, artifact in _in_order(records):
        document = {"key": link.key, **artifact_document(artifact)}
        outputs.setdefault(link.execution_id, []).append(document)
    return outputs


def _in_order(records: Records) -> list[tuple[Link, Artifact]]:
    artifacts = {artifact.id: artifact for artifact in records.artifacts}
    links = sorted(records.links, key=lambda link: (link.execution_id, link.key, link.artifact_id))
    return [(link, artifacts[link.artifact_id]) for link in links if link.artifact_id in artifacts]


def _print(run: Run, records: Records) -> None:
    head = [
        ("run", run.run_id),
        ("pipeline", run.pipeline),
        ("state", f"{run.state} ({counted(run)})"),
        ("started", formats.moment(run.started_ms)),
        ("duration", formats.seconds(run.seconds)),
    ]
    print("\n".join([*aligned(head), ""]))
    print_table(_NODES, [_node_cells(item) for item in run.executions])
    shown = {item.id: item for item in run.executions}
    outputs = [
        (shown[link.execution_id].node_id, link.key, *_artifact_cells(artifact))
        for link, artifact in _in_order(records)
        if link.execution_id in shown
    ]
    if outputs:
        print()
        print_table(_OUTPUTS, outputs)
    for item in run.executions:
        if item.state == "failed":
            print(f"\n{item.node_id} failed: {item.error or 'the store does not say why'}")


def _node_cells(item: Execution) -> tuple[str, ...]:
    return (
        item.node_id,
        item.component.rpartition(".")[2],
        item.state,
        formats.seconds(item.wall_seconds),
        formats.seconds(item.cpu_seconds),
        formats.megabytes(item.peak_memory_bytes),
        str(item.id),
        item.code[:_DIGITS],
        item.cache,
    )


def _artifact_cells(artifact: Artifact) -> tuple[str, ...]:
    return str(artifact.id), artifact.type, artifact.state, artifact.uri
