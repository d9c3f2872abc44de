"""Shows what a launcher job says, on the terminal."""

from __future__ import annotations

import sys

from headrace.launcher.protocol import EventFrame, Frame, LogFrame

_SHOWN_LEVELS = frozenset(("WARNING", "ERROR", "CRITICAL"))


def print_progress(frame: Frame) -> None:
    """Print events and warnings to standard error; results go to standard output elsewhere."""
    if isinstance(frame, EventFrame) and frame.detail:
        print(frame.detail, file=sys.stderr)
    elif isinstance(frame, LogFrame) and frame.level in _SHOWN_LEVELS:
        print(f"{frame.level}: {frame.message}", file=sys.stderr)
