"""Fills a metadata store in SQLite with many runs like the one that it has, by SQL.

Through MLMD's own interface a hundred thousand executions would take an hour.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_RUN_TYPE = "pipeline_run"
_IMPORTER = "tfx.dsl.components.common.importer.Importer"


def fill(database: Path, executions: int) -> int:
    """Copy the store's only run until there are so many executions; return how many there are.

    A copy has a context of its own for the run; executions with their properties, events and
    outputs; and the pipeline's and the nodes' contexts in common with the run that was copied. What
    an Importer has imported is in common too, since it imports what is new only.
    """
    connection = sqlite3.connect(database)
    try:
        run = _Run(connection)
        copies = max(0, -(-executions // len(run.executions)) - 1)
        run.copy(copies)
        connection.commit()
        return int(connection.execute("select count(*) from Execution").fetchone()[0])
    finally:
        connection.close()


class _Run:
    """The rows of one run, and where the next rows go."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        [self.context] = self._rows(
            "select Context.* from Context join Type on Type.id = Context.type_id"
            " where Type.name = ? order by Context.id limit 1",
            _RUN_TYPE,
        )
        of_run = "select execution_id from Association where context_id = ?"
        run_id = self.context["id"]
        self.executions = self._rows(f"select * from Execution where id in ({of_run})", run_id)
        self._events = self._rows(
            f"select * from Event where execution_id in ({of_run})"
            " and artifact_id in (select artifact_id from Attribution where context_id = ?)",
            run_id,
            run_id,
        )
        imported = self._rows(
            "select artifact_id from Event join Execution on Execution.id = Event.execution_id"
            " join Type on Type.id = Execution.type_id where Type.name = ?",
            _IMPORTER,
        )
        common = {row["artifact_id"] for row in imported}
        used = {row["artifact_id"] for row in self._events}
        self.artifacts = self._of("Artifact", "id", used - common)
        self._tables = {
            name: self._of(name, key, {row["id"] for row in owners})
            for name, key, owners in (
                ("ExecutionProperty", "execution_id", self.executions),
                ("ArtifactProperty", "artifact_id", self.artifacts),
                ("EventPath", "event_id", self._events),
                ("Association", "execution_id", self.executions),
                ("Attribution", "artifact_id", self._of("Artifact", "id", used)),
                ("ParentContext", "context_id", [self.context]),
            )
        }

    def copy(self, times: int) -> None:
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        kinds = {
            "Context": [self.context],
            "Execution": self.executions,
            "Artifact": self.artifacts,
            "Event": self._events,
        }
        following = {
            name: self._connection.execute(f"select max(id) + 1 from {name}").fetchone()[0]
            for name in kinds
        }
        for number in range(times):
            new = {
                kind: {row["id"]: following[kind] + index for index, row in enumerate(owned)}
                for kind, owned in kinds.items()
            }
            for kind, owned in kinds.items():
                following[kind] += len(owned)
                for row in owned:
                    name = f"{row['name']}-{number}" if row.get("name") else None
                    changed = {"name": name} if "name" in row else {}
                    rows[kind].append({**_moved(row, new), **changed, "id": new[kind][row["id"]]})
            for table, owned in self._tables.items():
                rows[table] += [_moved(row, new) for row in owned]
        for table, made in rows.items():
            names = list(made[0])
            marks = ", ".join(f":{name}" for name in names)
            statement = f"insert or ignore into {table} ({', '.join(names)}) values ({marks})"
            self._connection.executemany(statement, made)

    def _of(self, table: str, key: str, ids: Iterable[int]) -> list[dict[str, Any]]:
        listed = ", ".join(map(str, sorted(ids)))
        return self._rows(f"select * from {table} where {key} in ({listed})")

    def _rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        cursor = self._connection.execute(query, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _moved(row: dict[str, Any], new: dict[str, dict[int, int]]) -> dict[str, Any]:
    """The row with the new ids of what it points to; an id of its own is left to the database."""
    columns = {
        "context_id": "Context",
        "execution_id": "Execution",
        "artifact_id": "Artifact",
        "event_id": "Event",
    }
    changed = {
        name: new[columns[name]].get(value, value) if name in columns else value
        for name, value in row.items()
    }
    return {name: value for name, value in changed.items() if name != "id"}
