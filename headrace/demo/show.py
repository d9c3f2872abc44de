"""Shows a demo to a person: a live table on a terminal, lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from headrace.demo.following import RunOutcome, TaskOutcome

_COLOURS = {"success": "green", "failed": "red", "running": "yellow", "skipped": "magenta"}
_COLUMNS = ("node", "state", "time", "peak memory", "cached")


class Screen:
    """Where a demo's progress goes: the terminal, or standard error where that is none."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._told: dict[str, tuple[str, int]] = {}

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def tasks(self, tasks: Sequence[TaskOutcome]) -> None:
        """Show the tasks' present states."""
        if self._console.is_terminal:
            if self._live is None:
                self._live = Live(console=self._console, refresh_per_second=4)
                self._live.start()
            self._live.update(_table(tasks))
            return
        for task in tasks:
            now = (task.state, task.try_number)
            if task.state != "waiting" and self._told.get(task.task_id) != now:
                self._told[task.task_id] = now
                self.say(f"  {task.task_id}: {task.state}{_took(task)}")

    def close(self) -> None:
        """End the live table, leaving its last state."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def print_outcome(run: RunOutcome, report: dict[str, Any]) -> None:
    """Print what came of it to standard output."""
    console = Console(file=sys.stdout, highlight=False)
    console.print(f"\nDAG run {run.run_id} of {run.dag_id}: {run.state}, {run.seconds:.1f} s")
    if console.is_terminal:
        console.print(_table(run.tasks))
    else:
        _plain_rows([_COLUMNS, *(_cells(task) for task in run.tasks)])
    if "metrics" in report:
        print(
            f"\nmetrics of the trained model ({'blessed' if report['blessed'] else 'NOT blessed'})"
        )
        _plain_rows(_metric_rows(report["metrics"]))
    if "pushed_model" in report:
        print(f"\npushed model: {report['pushed_model']}")
    for item in report.get("predictions", []):
        row = ", ".join(f"{key}={value}" for key, value in item["row"].items())
        print(f"  for   {row}\n  says  {item['prediction']}")


def _metric_rows(metrics: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """A header, and a row for each slice; what a slice has no value for is left empty."""
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    rows = [["slice", *names]]
    for label, values in metrics.items():
        rows.append([label, *(_figure(values.get(name)) for name in names)])
    return rows


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value.is_integer() and abs(value) > 1 else f"{value:.4f}"


def _table(tasks: Sequence[TaskOutcome]) -> Table:
    table = Table(*_COLUMNS)
    for task in tasks:
        cells = _cells(task)
        colour = _COLOURS.get(task.state, "white")
        table.add_row(cells[0], f"[{colour}]{cells[1]}[/]", *cells[2:])
    return table


def _cells(task: TaskOutcome) -> tuple[str, ...]:
    result = task.result or {}
    seconds = "" if task.seconds is None else f"{task.seconds:.1f} s"
    memory = f"{result['peak_memory_bytes'] / 1e6:.0f} MB" if result else ""
    cached = ("yes" if result["cached"] else "no") if result else ""
    return task.task_id, task.state, seconds, memory, cached


def _plain_rows(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)))


def _took(task: TaskOutcome) -> str:
    parts = [part for part in _cells(task)[2:4] if part]
    cached = ["from the cache"] if (task.result or {}).get("cached") else []
    return f" ({', '.join([*parts, *cached])})" if parts else ""
