"""How Airflow connects to the SQLite database of an instance; it imports these by name.

SQLite's own patience with another writer is 5 s, which a busy machine uses up: a trigger is then
answered with "Database error".
"""

from __future__ import annotations

from typing import Any

BUSY_SECONDS = 60.0
CONNECT_ARGS: dict[str, Any] = {"timeout": BUSY_SECONDS}
CONNECT_ARGS_ASYNC: dict[str, Any] = {"timeout": BUSY_SECONDS}
