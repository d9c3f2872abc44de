"""Shows a run: a live table on a terminal, a line an event in a pipe, JSON for programs."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NoReturn

from rich.console import Console
from rich.live import Live
from rich.table import Table

from headrace.graph.entities import PipelineGraph
from headrace.running.scheduler import NodeStatus
from headrace.running.states import NodeState

COLUMNS = ("node", "state", "time", "peak memory")
_COLOURS = {
    NodeState.RUNNING: "yellow",
    NodeState.COMPLETE: "green",
    NodeState.CACHED: "cyan",
    NodeState.REUSED: "cyan",
    NodeState.SKIPPED: "magenta",
    NodeState.FAILED: "red",
    NodeState.UPSTREAM_FAILED: "red",
    NodeState.CANCELLED: "red",
}
_QUIET = (NodeState.WAITING, NodeState.LEFT_OUT)

Statuses = Mapping[str, NodeStatus]


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Say that the reader has gone; rich's own ends the thread that happens to print."""
        raise BrokenPipeError


class Screen:
    """A run's progress on standard error. ``say`` may be called from any thread.

    That nobody reads it is no reason to fail; whoever runs the pipeline finds out by itself.
    """

    def __init__(self, graph: PipelineGraph) -> None:
        self._graph = graph
        self._console = _Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._told: dict[str, NodeState] = {}
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._console.print(text, markup=False)

    def show(self, statuses: Statuses) -> None:
        """Show the present states."""
        if self._console.is_terminal:
            if self._live is None:
                self._live = Live(console=self._console, refresh_per_second=4)
                self._live.start()
            self._live.update(_table(self._graph, statuses))
            return
        for node in self._graph.nodes:
            status = statuses[node.id]
            if status.state not in _QUIET and self._told.get(node.id) is not status.state:
                self._told[node.id] = status.state
                detail = ", ".join(cell for cell in cells(node.id, status)[2:] if cell)
                ended = f" ({detail})" if status.state.has_ended and detail else ""
                self.say(f"  {node.id}: {status.state.value}{ended}")

    def close(self) -> None:
        """End the live table, leaving its last state."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def cells(node_id: str, status: NodeStatus) -> tuple[str, str, str, str]:
    """A node's row."""
    memory = status.result.peak_memory_bytes if status.result else 0
    return (
        node_id,
        status.state.value,
        f"{status.seconds:.1f} s" if status.started else "",
        f"{memory / 1e6:.0f} MB" if memory else "",
    )


def _table(graph: PipelineGraph, statuses: Statuses) -> Table:
    table = Table(*COLUMNS)
    for node in graph.nodes:
        row = cells(node.id, statuses[node.id])
        colour = _COLOURS.get(statuses[node.id].state, "white")
        table.add_row(row[0], f"[{colour}]{row[1]}[/]", *row[2:])
    return table


def print_table(graph: PipelineGraph, statuses: Statuses) -> None:
    """Print the final states to standard output, aligned."""
    console = Console(file=sys.stdout, highlight=False)
    if console.is_terminal:
        console.print(_table(graph, statuses))
        return
    rows = [COLUMNS, *(cells(node.id, statuses[node.id]) for node in graph.nodes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"  {line.rstrip()}")


def print_json(graph: PipelineGraph, statuses: Statuses, run: Mapping[str, Any]) -> None:
    """Print the whole outcome as one JSON document."""
    nodes = [_node_document(node.id, node.component, statuses[node.id]) for node in graph.nodes]
    print(json.dumps({"run": dict(run), "nodes": nodes}))


def _node_document(node_id: str, component: str, status: NodeStatus) -> dict[str, Any]:
    error = status.error
    return {
        "id": node_id,
        "component": component,
        "state": status.state.value,
        "seconds": round(status.seconds, 3),
        "result": asdict(status.result) if status.result else None,
        "error": {"message": error.message, "hint": error.hint} if error else None,
    }
