"""Starts the repair of a store without waiting for it."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from headrace.keeping.repairs import RepairRequest
from headrace.layout import Layout


def repairs_log(home: Path) -> Path:
    """Where repairs say what they have done; its directory is made."""
    log = Layout(home).logs / "repairs.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def repair_aside(
    python: Path, environ: Mapping[str, str], url: str, cancelled: Sequence[int] = ()
) -> None:
    """Have a process of its own repair one store; nobody waits for it.

    It is a child for the caller to reap, if it reaps any, and has a log of its own, repairs.log.

    Args:
        python: of the TFX environment.
        environ: of the TFX side, as ``tfx_environ`` makes it.
        url: of the store; it may hold a password, so it goes through a pipe.
    """
    request = {"urls": [url], "repair": asdict(RepairRequest(cancelled=list(cancelled)))}
    with contextlib.suppress(OSError):
        with repairs_log(Path(environ["HEADRACE_HOME"])).open("ab") as said:
            process = subprocess.Popen(
                [str(python), "-m", "headrace.store"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                cwd="/",
                env=dict(environ),
                start_new_session=True,
            )
        assert process.stdin is not None
        with process.stdin as stdin:
            stdin.write(json.dumps(request).encode())
        process.returncode = 0  # so that nothing of Python's waits for it
