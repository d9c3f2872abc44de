"""How Airflow connects to the SQLite database of an instance; it imports these by name.

SQLite's own patience with another writer is 5 s, which a busy machine uses up: a trigger is then
answered with "Database error". It has none at all with a transaction that has read before it
writes: a savepoint begins such a one, so that Airflow failed to make a backfill, or to clear a run,
whenever anything else wrote at that moment. Here a savepoint begins one that writes.
"""

from __future__ import annotations

import sqlite3
from typing import Any

BUSY_SECONDS = 60.0


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *parameters: Any) -> _Cursor:
        if sql.startswith("SAVEPOINT") and not self.connection.in_transaction:
            super().execute("BEGIN IMMEDIATE")
        return super().execute(sql, *parameters)


class Connection(sqlite3.Connection):
    """Waits for another writer also where a savepoint is what a transaction begins with."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


CONNECT_ARGS: dict[str, Any] = {"timeout": BUSY_SECONDS, "factory": Connection}
CONNECT_ARGS_ASYNC: dict[str, Any] = dict(CONNECT_ARGS)
