"""How Airflow connects to the SQLite database of an instance; it imports these by name.

SQLite's own patience with another writer is 5 s, which a busy machine uses up: a trigger is then
answered with "Database error". It has none at all with a transaction that has read before it
writes. Two ways into that are no fault with PostgreSQL: a savepoint begins a transaction that does
not write yet, and rows that nobody has fetched keep one open, over its commit. Airflow goes both
when it makes a backfill. That failed whenever anything else wrote at the same moment, and then
Airflow deleted the runs that were to be run again.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from typing import Any

BUSY_SECONDS = 60.0


class _Cursor(sqlite3.Cursor):
    """Fetches all rows at once, as a cursor of PostgreSQL's, so that no statement stays open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._rows: deque[Any] = deque()

    def execute(self, sql: str, *parameters: Any) -> _Cursor:
        self._rows.clear()
        if sql.startswith("SAVEPOINT") and not self.connection.in_transaction:
            super().execute("BEGIN IMMEDIATE")
        super().execute(sql, *parameters)
        self._rows.extend(super().fetchall())
        return self

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        count = min(self.arraysize if size is None else size, len(self._rows))
        return [self._rows.popleft() for _ in range(count)]

    def fetchall(self) -> list[Any]:
        return self.fetchmany(len(self._rows))

    def __next__(self) -> Any:
        if not self._rows:
            raise StopIteration
        return self._rows.popleft()


class Connection(sqlite3.Connection):
    """Waits for another writer also where what is written comes after what was read."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


CONNECT_ARGS: dict[str, Any] = {"timeout": BUSY_SECONDS, "factory": Connection}
CONNECT_ARGS_ASYNC: dict[str, Any] = dict(CONNECT_ARGS)
