"""What Airflow's UI shows about a pipeline and its nodes."""

from __future__ import annotations

from headrace.graph.entities import Node, PipelineGraph


def dag_doc(graph: PipelineGraph, target: str) -> str:
    """Markdown about the whole pipeline."""
    lines = [
        f"TFX pipeline **{graph.name}**, from `{target}`.",
        "",
        "| node | component | after |",
        "|---|---|---|",
    ]
    lines += [
        f"| {node.id} | {node.component} | {', '.join(node.upstream) or '-'} |"
        for node in graph.nodes
    ]
    return "\n".join(lines)


def node_doc(node: Node) -> str:
    """Markdown about one node: component, executor, inputs, outputs and parameters."""
    lines = [f"**{node.component}** ({node.kind.value} node)"]
    if node.executor:
        lines.append(f"Executor: `{node.executor}`")
    if node.inputs:
        lines += ["", "| input | type | from |", "|---|---|---|"]
        for item in node.inputs:
            producers = ", ".join(f"{producer}.{key}" for producer, key in item.producers)
            optional = " (optional)" if item.optional else ""
            lines.append(f"| {item.key}{optional} | {item.artifact_type} | {producers or '-'} |")
    if node.outputs:
        lines += ["", "| output | type |", "|---|---|"]
        lines += [f"| {item.key} | {item.artifact_type} |" for item in node.outputs]
    if node.parameters:
        lines += ["", f"Runtime parameters: {', '.join(node.parameters)}"]
    return "\n".join(lines)
