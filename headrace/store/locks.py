"""Locks that the writers of a metadata store share."""

from __future__ import annotations

import os
from pathlib import Path

from headrace.layout import STATE_DIRECTORY, Layout


def closing_lock(database: Path | None) -> Path:
    """The file whose lock is held while an execution of a dead process is taken up or closed.

    Args:
        database: the SQLite file; None for a server: then it is one file for this state directory,
            which is enough, since only executions of this host are closed.
    """
    if database is not None:
        return Path(f"{database}.closing.lock")
    home = Path(os.environ.get("HEADRACE_HOME") or STATE_DIRECTORY)
    return Layout(home).runtime / "closing.lock"
