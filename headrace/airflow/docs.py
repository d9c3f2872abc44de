"""What Airflow's UI shows about a pipeline and its nodes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from headrace.graph.entities import Node, NodeKind, PipelineGraph, RuntimeParameter

_KINDS = {
    NodeKind.COMPONENT: "runs Python",
    NodeKind.BEAM: "runs a Beam pipeline",
    NodeKind.IMPORTER: "registers an artifact that exists",
    NodeKind.RESOLVER: "looks artifacts up in the metadata store",
    NodeKind.PIPELINE_BEGIN: "hands the inputs of the sub-pipeline to its nodes",
    NodeKind.PIPELINE_END: "hands the outputs of the sub-pipeline on",
}


def dag_doc(graph: PipelineGraph, target: str, ir_path: str) -> str:
    """Markdown about the whole pipeline; it names the compilation, so a new one shows as new."""
    lines = [
        f"TFX pipeline **{graph.name}**, from `{target}`, "
        f"compilation `{PurePath(ir_path).parent.name}`.",
        "",
        *_table(
            ("node", "component", "after"),
            ((node.id, node.component, ", ".join(node.upstream) or "-") for node in graph.nodes),
        ),
    ]
    if graph.parameters:
        lines += ["", *_parameters(graph.parameters)]
    return "\n".join(lines)


def node_doc(node: Node, parameters: tuple[RuntimeParameter, ...]) -> str:
    """Markdown about one node: component, executor, inputs, outputs and the parameters it uses."""
    lines = [f"**{node.component}**: {_KINDS[node.kind]}"]
    if node.conditional:
        lines[0] += ", under a condition"
    if node.executor:
        lines += ["", f"Executor: `{node.executor}`"]
    if node.inputs:
        rows = (
            (
                f"{item.key} (optional)" if item.optional else item.key,
                item.artifact_type,
                ", ".join(f"{producer}.{key}" for producer, key in item.producers) or "-",
            )
            for item in node.inputs
        )
        lines += ["", *_table(("input", "type", "from"), rows)]
    if node.outputs:
        rows_of_outputs = ((item.key, item.artifact_type) for item in node.outputs)
        lines += ["", *_table(("output", "type"), rows_of_outputs)]
    if parameters:
        lines += ["", *_parameters(parameters)]
    return "\n".join(lines)


def _parameters(parameters: tuple[RuntimeParameter, ...]) -> list[str]:
    rows = (
        (item.name, item.type.value, "-" if item.default is None else f"`{item.default!r}`")
        for item in parameters
    )
    return _table(("runtime parameter", "type", "pipeline's default"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = [head, tuple("---" for _ in head), *(tuple(map(_cell, row)) for row in rows)]
    return [f"| {' | '.join(row)} |" for row in cells]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
