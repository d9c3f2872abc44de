"""What many runs at once have left in a metadata store, counted, and held against one run alone.

It asks the database itself, so that what it says does not rest on what it is to judge.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.integration.postgres import Postgres

Ask = Callable[[str], list[tuple[str, ...]]]
"""Gives the rows of a query, all values as texts."""

COMPLETE, CACHED = "3", "5"
_LIVE = "2"
_INPUTS = frozenset("235")
_OUTPUTS = frozenset("146")
_FOUND = "6"
"""Types of events; what a resolver has found is an internal output."""
_PIPELINE, _RUN, _NODE, _CACHE = "pipeline", "pipeline_run", "node", "execution_cache"


@dataclass(frozen=True)
class Execution:
    """One execution.

    Attributes:
        inputs, outputs: each artifact with its key, as events name them.
        found: whether its outputs are what a resolver has found.
        cache: ids of the contexts of its cache key.
    """

    id: str
    state: str
    run: str
    node: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    found: bool
    cache: tuple[str, ...]

    @property
    def events(self) -> int:
        return len(self.inputs) + len(self.outputs)


@dataclass(frozen=True)
class Census:
    """A whole store.

    Attributes:
        types: kind, name and version of each type.
        contexts: type and name of each context.
        artifacts: state by id.
        events: how many there are in all.
    """

    types: tuple[tuple[str, ...], ...]
    contexts: tuple[tuple[str, str], ...]
    executions: tuple[Execution, ...]
    artifacts: dict[str, str]
    events: int

    def of(self, node: str) -> list[Execution]:
        return [item for item in self.executions if item.node == node]

    @property
    def nodes(self) -> list[str]:
        return sorted({item.node for item in self.executions})

    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        return {
            "executions": len(self.executions),
            "artifacts": len(self.artifacts),
            "events": self.events,
            "contexts": len(self.contexts),
        }


def ask_sqlite(path: Path) -> Ask:
    """Queries of a store on SQLite."""

    def ask(query: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return [tuple(map(_text, row)) for row in connection.execute(query)]

    return ask


def ask_postgres(server: Postgres, database: str) -> Ask:
    """Queries of a store on PostgreSQL."""

    def ask(query: str) -> list[tuple[str, ...]]:
        lines = server.query(database, query).splitlines()
        return [tuple(line.split("|")) for line in lines]

    return ask


def take(ask: Ask) -> Census:
    """Read all of it."""
    contexts = {
        key: (kind, name)
        for key, kind, name in ask(
            "select c.id, t.name, c.name from Context c join Type t on t.id = c.type_id"
        )
    }
    within: dict[str, list[str]] = {}
    for execution, context in ask("select execution_id, context_id from Association"):
        within.setdefault(execution, []).append(context)
    inputs: dict[str, list[tuple[str, str]]] = {}
    outputs: dict[str, list[tuple[str, str]]] = {}
    found = set()
    events = ask(
        "select v.execution_id, v.type, p.step_key, v.artifact_id from Event v "
        "join EventPath p on p.event_id = v.id where p.step_key is not null and p.step_key <> ''"
    )
    for execution, kind, key, artifact in events:
        side = inputs if kind in _INPUTS else outputs
        side.setdefault(execution, []).append((key, artifact))
        if kind == _FOUND:
            found.add(execution)
    executions = []
    for key, state in ask("select id, last_known_state from Execution"):
        own = {contexts[item] for item in within.get(key, ())}
        executions.append(
            Execution(
                key,
                state,
                "".join(name for kind, name in own if kind == _RUN),
                "".join(name for kind, name in own if kind == _NODE),
                tuple(sorted(inputs.get(key, ()))),
                tuple(sorted(outputs.get(key, ()))),
                key in found,
                tuple(item for item in within.get(key, ()) if contexts[item][0] == _CACHE),
            )
        )
    [(number,)] = ask("select count(*) from Event")
    return Census(
        tuple(ask("select type_kind, name, coalesce(version, '') from Type")),
        tuple(contexts.values()),
        tuple(executions),
        {row[0]: row[1] for row in ask("select id, state from Artifact")},
        int(number),
    )


def expected(now: Census, alone: Census, runs: int) -> dict[str, int]:
    """How many there must be after these runs, of what one run has left alone.

    A node that the cache has served has made no artifact, and one whose key nobody had before has
    made a context for it. The more runs came before, the more a resolver finds, and hands on.
    """
    one = {item.node: item for item in alone.executions}
    made = sum(
        len(one[item.node].outputs)
        for item in now.executions
        if item.state == COMPLETE and not item.found and item.node in one
    )
    keys = {key for item in now.executions for key in item.cache}
    found = _events_of_findings(now, one) - _events_of_findings(alone, one) * runs
    return {
        "executions": len(one) * runs,
        "artifacts": made,
        "events": alone.events * runs + found,
        "contexts": 1 + runs + len(one) + len(keys),
    }


def faults(now: Census, alone: Census, runs: Sequence[str]) -> list[str]:
    """All that is not as it must be after these runs; empty: all is well."""
    return [*_doubles(now), *_of_executions(now, alone, runs), *_of_artifacts(now)] + [
        f"there are {now.counts()[what]} {what}, and should be {number}"
        for what, number in expected(now, alone, len(runs)).items()
        if now.counts()[what] != number
    ]


def _doubles(now: Census) -> Iterator[str]:
    for what, names in (("type", now.types), ("context", now.contexts)):
        for name, number in Counter(names).items():
            if number > 1:
                yield f"{what} {' '.join(name)} is there {number} times"


def _of_executions(now: Census, alone: Census, runs: Sequence[str]) -> Iterator[str]:
    one = {item.node: item for item in alone.executions}
    registered = Counter((item.run, item.node) for item in now.executions)
    for run in runs:
        for node in one:
            if registered[run, node] != 1:
                yield f"{node} of run {run} has {registered[run, node]} executions"
    for item in now.executions:
        name = f"execution {item.id} ({item.node} of run {item.run})"
        if item.state not in (COMPLETE, CACHED):
            yield f"{name} is in state {item.state}"
        if item.node not in one:
            yield f"{name} is of a node that a run alone does not have"
        elif not item.found and _keys(item.outputs) != _keys(one[item.node].outputs):
            yield f"{name} has put out {_keys(item.outputs)}"
        elif not _keys(item.inputs) >= _keys(one[item.node].inputs):
            yield f"{name} has read {_keys(item.inputs)} only"
    yield from _strange_inputs(now)


def _strange_inputs(now: Census) -> Iterator[str]:
    """Inputs that no node of the same run has put out or found."""
    out: dict[str, set[str]] = {}
    for item in now.executions:
        out.setdefault(item.run, set()).update(artifact for _, artifact in item.outputs)
    for item in now.executions:
        for key, artifact in item.inputs:
            if artifact not in out[item.run]:
                yield f"execution {item.id} has read {key} {artifact} of another run"


def _of_artifacts(now: Census) -> Iterator[str]:
    makers: dict[str, list[Execution]] = {}
    for item in now.executions:
        if item.state == COMPLETE and not item.found:
            for _, artifact in item.outputs:
                makers.setdefault(artifact, []).append(item)
    for artifact, state in now.artifacts.items():
        number = len(makers.get(artifact, ()))
        if state != _LIVE:
            yield f"artifact {artifact} is in state {state}"
        if number != 1:
            yield f"artifact {artifact} was made by {number} executions"
    for item in now.executions:
        sources = {
            (maker.id, maker.cache, maker.outputs)
            for _, artifact in item.outputs
            for maker in makers.get(artifact, ())
        }
        served = [(cache, outputs) for _, cache, outputs in sources]
        if item.state == CACHED and served != [(item.cache, item.outputs)]:
            yield f"execution {item.id} was served with outputs of another cache key"


def _events_of_findings(now: Census, one: dict[str, Execution]) -> int:
    """Events of what resolvers have found, and of inputs that a run alone did not have for that."""
    found = sum(len(item.outputs) for item in now.executions if item.found)
    more = sum(
        key not in _keys(one[item.node].inputs)
        for item in now.executions
        if item.node in one
        for key, _ in item.inputs
    )
    return found + more


def _keys(pairs: Iterable[tuple[str, str]]) -> set[str]:
    return {key for key, _ in pairs}


def _text(value: object) -> str:
    return "" if value is None else str(value)
