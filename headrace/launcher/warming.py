"""Starts the launcher before a task needs it, so that importing TFX is nobody's wait."""

from __future__ import annotations

import contextlib
import threading

from headrace.errors import HeadraceError
from headrace.launcher.fingerprint import environment_fingerprint
from headrace.launcher.starting import connect_or_start
from headrace.settings import LauncherMode, Settings


def warm_launcher(settings: Settings) -> threading.Thread | None:
    """Start it aside, unless it runs or is not used; whoever needs it is told what does not work.

    Returns:
        The thread that starts it, which nobody has to wait for.
    """
    if settings.launcher is not LauncherMode.FORKSERVER:
        return None
    thread = threading.Thread(target=_start, args=(settings,), daemon=True)
    thread.start()
    return thread


def _start(settings: Settings) -> None:
    with contextlib.suppress(HeadraceError, OSError):
        connect_or_start(settings, environment_fingerprint(settings), lambda _: None).close()
