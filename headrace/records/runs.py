"""Runs, from their executions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from headrace.records.entities import RUNNING_STATES, Execution

_ORDER = ("running", "complete", "cached", "failed", "canceled")


@dataclass(frozen=True)
class Run:
    """A pipeline run, as its executions tell it.

    Attributes:
        state: ``running`` while any node runs, else ``failed`` or ``canceled`` if any did, else
            ``complete``: the store does not know of nodes that have not started.
        executions: the newest of each node that counts, in the order in which the nodes started.
        started_ms: since the epoch; of a run that was cleared whole, when it began again.
        seconds: from the start to the last change of an execution, or to now while it runs.
    """

    run_id: str
    pipeline: str
    state: str
    executions: tuple[Execution, ...]
    started_ms: int
    seconds: float

    def counts(self) -> dict[str, int]:
        """Nodes by state, those that there are."""
        found = Counter(_counted(execution.state) for execution in self.executions)
        ordered = (*_ORDER, *sorted(set(found) - set(_ORDER)))
        return {state: found[state] for state in ordered if found[state]}


def runs_of(executions: Iterable[Execution], now_ms: int) -> list[Run]:
    """Return the runs that the executions belong to, the latest started first.

    Two pipelines may have had a run of one id at once: these are two runs.
    """
    grouped: dict[tuple[str, str], list[Execution]] = {}
    for execution in executions:
        grouped.setdefault((execution.run_id, execution.pipeline), []).append(execution)
    runs = [_run(key, group, now_ms) for key, group in grouped.items()]
    return sorted(runs, key=lambda run: (run.started_ms, run.run_id), reverse=True)


def _run(key: tuple[str, str], executions: list[Execution], now_ms: int) -> Run:
    # Of one whose only task was cleared and is skipped now, nothing else is left to tell.
    executions = [item for item in executions if not item.superseded] or executions
    newest: dict[str, Execution] = {}
    for execution in sorted(executions, key=lambda item: item.id):
        newest[execution.node_id] = execution
    nodes = tuple(sorted(newest.values(), key=lambda item: item.id))
    state = _state({_counted(item.state) for item in nodes})
    start = min(item.created_ms for item in executions)
    end = max(item.updated_ms for item in executions)
    until = max(now_ms, end) if state == "running" else end
    return Run(*key, state, nodes, start, max(0, until - start) / 1000)


def _state(states: set[str]) -> str:
    for state in ("running", "failed", "canceled"):
        if state in states:
            return state
    return "complete"


def _counted(state: str) -> str:
    return "running" if state in RUNNING_STATES else state
