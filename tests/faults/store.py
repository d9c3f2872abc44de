"""What a metadata store holds, read by SQL of the auditor's own and by nothing of headrace's."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Row = Mapping[str, str]
Query = Callable[[str], list[Row]]
"""Answers a statement of SQL; every value is a text, NULL is empty."""

_EXECUTION_STATES = ("UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED")
_ARTIFACT_STATES = (
    "UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE",
)  # fmt: skip
OUTPUT, PENDING_OUTPUT = 4, 7

_EXECUTIONS = """
select e.id, e.last_known_state as state,
  (select t.name from type t where t.id = e.type_id) as component,
  (select c.name from association a join context c on c.id = a.context_id
    join type t on t.id = c.type_id where a.execution_id = e.id and t.name = 'pipeline_run') as run,
  (select c.name from association a join context c on c.id = a.context_id
    join type t on t.id = c.type_id where a.execution_id = e.id and t.name = 'node') as node,
  (select p.string_value from executionproperty p where p.execution_id = e.id
    and p.name = 'headrace_process') as process,
  (select p.string_value from executionproperty p where p.execution_id = e.id
    and p.name = 'headrace_error') as error,
  (select p.int_value from executionproperty p where p.execution_id = e.id
    and p.name = 'headrace_superseded') as superseded
from execution e order by e.id
"""
_ARTIFACTS = "select id, state, uri from artifact order by id"
_EVENTS = """
select e.artifact_id as artifact, e.execution_id as execution, e.type,
  (select p.step_key from eventpath p where p.event_id = e.id and p.step_key is not null
    and p.step_key != '') as key
from event e order by e.id
"""


@dataclass(frozen=True)
class Execution:
    """
    Attributes:
        node: its id, without the pipeline's.
        component: dotted name of its type.
        pid, started: of its process; 0 where nobody has said.
        is_superseded: the task was cleared after it had ended.
    """

    id: int
    state: str
    run: str
    node: str
    component: str = ""
    pid: int = 0
    started: float = 0.0
    error: str = ""
    is_superseded: bool = False

    @property
    def is_resolver(self) -> bool:
        """It makes nothing, so that TFX registers it anew each time."""
        return self.component.endswith(".Resolver")

    @property
    def is_open(self) -> bool:
        return self.state in ("NEW", "RUNNING")

    @property
    def has_succeeded(self) -> bool:
        return self.state in ("COMPLETE", "CACHED")


@dataclass(frozen=True)
class Artifact:
    id: int
    state: str
    uri: str


@dataclass(frozen=True)
class Event:
    artifact: int
    execution: int
    type: int
    key: str

    @property
    def is_output(self) -> bool:
        return self.type in (OUTPUT, PENDING_OUTPUT, 1)


@dataclass(frozen=True)
class Store:
    """All that a store holds, as far as an audit looks at it.

    Attributes:
        damage: what the database says of itself where it is not sound.
    """

    executions: tuple[Execution, ...] = ()
    artifacts: Mapping[int, Artifact] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    damage: str = ""

    def outputs(self, execution: Execution) -> list[tuple[str, Artifact]]:
        """By key."""
        return [
            (event.key, self.artifacts[event.artifact])
            for event in self.events
            if event.execution == execution.id and event.is_output
        ]

    def of_run(self, run: str) -> list[Execution]:
        return [item for item in self.executions if item.run == run]


def read_store(query: Query, damage: str = "") -> Store:
    """All of it; an empty one where nothing has been registered yet."""
    artifacts = [
        Artifact(int(row["id"]), _state(_ARTIFACT_STATES, row["state"]), row["uri"])
        for row in query(_ARTIFACTS)
    ]
    events = [
        Event(int(row["artifact"]), int(row["execution"]), int(row["type"]), row["key"])
        for row in query(_EVENTS)
    ]
    return Store(
        tuple(_execution(row) for row in query(_EXECUTIONS)),
        {item.id: item for item in artifacts},
        tuple(events),
        damage,
    )


def read_sqlite(file: Path) -> Store:
    """Read an SQLite store; what a killed writer has left half-written is rolled back by that."""
    if not file.exists():
        return Store()
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as connection:
        connection.row_factory = sqlite3.Row

        def query(sql: str) -> list[Row]:
            return [
                {name: _text(row[name]) for name in row.keys()}  # noqa: SIM118
                for row in connection.execute(sql)
            ]

        try:
            [check] = connection.execute("pragma integrity_check").fetchone()
            [tables] = connection.execute("select count(*) from sqlite_master").fetchone()
            return read_store(query, "" if check == "ok" else str(check)) if tables else Store()
        except sqlite3.DatabaseError as error:
            return Store(damage=str(error))


def rows_of_csv(text: str) -> list[Row]:
    """What ``psql --csv`` prints."""
    return list(csv.DictReader(io.StringIO(text)))


def _execution(row: Row) -> Execution:
    pid, started = 0, 0.0
    with contextlib.suppress(ValueError, KeyError, TypeError):
        process = json.loads(row["process"])["process"]
        pid, started = int(process["pid"]), float(process["started"])
    return Execution(
        id=int(row["id"]),
        state=_state(_EXECUTION_STATES, row["state"]),
        run=row["run"],
        node=row["node"].partition(".")[2],
        component=row["component"],
        pid=pid,
        started=started,
        error=row["error"],
        is_superseded=bool(row["superseded"]),
    )


def _state(names: tuple[str, ...], text: str) -> str:
    return names[int(text or 0)]


def _text(value: object) -> str:
    return "" if value is None else str(value)
