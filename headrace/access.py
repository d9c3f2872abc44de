"""What this process may not read, told where libraries only say that nothing is there."""

from __future__ import annotations

import os
from pathlib import Path

CLOSED_HINT = "let the user that runs the node read it: chmod o+rx, or its owner or group"


def closed_directory(pattern: str) -> Path | None:
    """The directory of a local path or glob that may not be looked into, if there is one."""
    path = Path(pattern)
    for directory in (*reversed(path.parents), path):
        if any(sign in directory.name for sign in "*?["):
            return None
        if directory.is_dir() and not os.access(directory, os.R_OK | os.X_OK):
            return directory
    return None
