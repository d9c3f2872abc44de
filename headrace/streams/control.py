"""Starts a stream where it left off, says how it is, and stops it with a savepoint."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from headrace.errors import HeadraceError, UsageError
from headrace.files import exclusive_lock
from headrace.flink.job_api import ENDED, JobApi, JobUnknown
from headrace.flink.paths import flink_paths
from headrace.flink.state import current_cluster
from headrace.flink.stopping import stop_with_savepoint
from headrace.flink.traces import told_reason
from headrace.settings import Settings
from headrace.streams.counts import count_stream
from headrace.streams.state import (
    StreamName,
    StreamState,
    name_stream,
    read_state,
    state_path,
    write_state,
)

_MODULE = "headrace.flink_runner.start_stream"
_START_SECONDS = 300.0
_IN_TROUBLE = frozenset(("FAILED", "FAILING", "RESTARTING"))


@dataclass(frozen=True)
class Started:
    """What a start has done.

    Attributes:
        began: False: it ran already.
        restored: the savepoint or checkpoint that it went on from; empty: it read its journal.
    """

    name: str
    job_id: str
    began: bool
    restored: str = ""


def start(settings: Settings, text: str, *, fresh: bool = False) -> Started:
    """Start a stream that does not run: from its savepoint, else from its last checkpoint.

    Args:
        fresh: from neither. It reads its files again in the order of its journal, and what has
            landed stays as it is.

    Raises:
        UsageError: there is no such stream.
        HeadraceError: it cannot be started; the message says why.
    """
    stream = name_stream(text, settings)
    with _lock(settings, stream.name):
        state = read_state(settings, stream.name)
        with JobApi(current_cluster(settings).rest_url) as api:
            running = api.running(job_name(stream.name))
            if running:
                if state.job_id != running[0]:
                    write_state(settings, stream.name, StreamState(stream.target, running[0]))
                return Started(stream.name, running[0], began=False)
        restored = "" if fresh else state.savepoint or _last_checkpoint(settings, state.job_id)
        if restored and state.directory and not Path(state.directory).exists():
            raise HeadraceError(
                f"stream {stream.name} would go on from {restored}, but its directory is gone: "
                f"{state.directory}",
                "put it back as it was, or read all files again: "
                f"bin/headrace stream start {text} --fresh",
            )
        found = _submit(settings, stream, restored)
        write_state(settings, stream.name, StreamState(stream.target, **found))
    return Started(stream.name, found["job_id"], began=True, restored=restored)


def stop(settings: Settings, text: str) -> str:
    """Stop a stream; return the savepoint that the next start goes on from.

    Raises:
        UsageError: it does not run.
        HeadraceError: there is no savepoint; the stream goes on.
    """
    stream = name_stream(text, settings)
    with _lock(settings, stream.name):
        state = read_state(settings, stream.name)
        with JobApi(current_cluster(settings).rest_url) as api:
            running = api.running(job_name(stream.name))
            if not running:
                raise UsageError(f"stream {stream.name} does not run")
            savepoint = stop_with_savepoint(api, running[0])
        write_state(settings, stream.name, state.stopped(savepoint))
    return savepoint


def status(settings: Settings, text: str) -> dict[str, Any]:
    """How a stream is: ``state`` is ``RUNNING``, ``STOPPED``, ``NEVER STARTED``, or Flink's own.

    ``reason`` is why its job has failed or is tried again, else empty.

    Raises:
        UsageError: there is no such stream.
    """
    stream = name_stream(text, settings)
    state = read_state(settings, stream.name)
    job_state, reason = _job_state(settings, state)
    return {
        "name": stream.name,
        "state": job_state,
        "reason": reason,
        "job_id": state.job_id,
        "savepoint": state.savepoint,
        "directory": state.directory,
        "counts": asdict(count_stream(Path(state.directory))) if state.directory else {},
    }


def is_running(found: dict[str, Any]) -> bool:
    """Whether a status is that of a stream that need not be started."""
    return found["state"] not in (*ENDED, "STOPPED", "LOST", "NEVER STARTED", "NO CLUSTER")


def job_name(name: str) -> str:
    """The name of a stream's job in Flink."""
    return f"stream/{name}"


def _job_state(settings: Settings, state: StreamState) -> tuple[str, str]:
    """Its state, and why it is one of trouble."""
    if state.savepoint:
        return "STOPPED", ""
    if not state.job_id:
        return "NEVER STARTED", ""
    try:
        with JobApi(current_cluster(settings).rest_url) as api:
            found = api.state(state.job_id)
            in_trouble = found in _IN_TROUBLE
            return found, told_reason(api.exceptions(state.job_id)) if in_trouble else ""
    except JobUnknown:
        return "LOST", ""
    except HeadraceError as error:
        return "NO CLUSTER", error.message


def _last_checkpoint(settings: Settings, job_id: str) -> str:
    """The last checkpoint that is complete of a job that was not stopped, on our own cluster."""
    folder = flink_paths(settings).checkpoints / job_id if job_id else None
    found = folder.glob("chk-*/_metadata") if folder else ()
    numbered = sorted(found, key=lambda path: int(path.parent.name.removeprefix("chk-")))
    return f"file:{numbered[-1].parent}" if numbered else ""


def _submit(settings: Settings, stream: StreamName, restored: str) -> dict[str, str]:
    command = [str(settings.tfx_python), "-m", _MODULE, stream.target, job_name(stream.name)]
    command += [f"--savepoint_path={restored}"] if restored else []
    environ = {
        **os.environ,
        "HEADRACE_PROJECT": str(settings.project),
        "HEADRACE_HOME": str(settings.home),
        # A DAG's task has Airflow's own paths there.
        "PYTHONPATH": str(settings.project),
    }
    try:
        done = subprocess.run(
            command,
            env=environ,
            cwd=settings.project,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )
    except OSError as error:
        raise HeadraceError(
            f"{settings.tfx_python} cannot be run: {error.strerror}",
            "bin/headrace doctor shows how the environments are",
        ) from None
    except subprocess.TimeoutExpired:
        raise HeadraceError(
            f"stream {stream.name} has not started within {_START_SECONDS:.0f} s",
            "bin/headrace flink status shows how the cluster is",
        ) from None
    answer = done.stdout.strip().rpartition("\n")[2]
    if done.returncode or not answer.startswith("{"):
        lines = done.stderr.strip().splitlines() or ["it does not say why"]
        raise HeadraceError(f"stream {stream.name} cannot be started", "\n".join(lines[-8:]))
    found: dict[str, str] = json.loads(answer)
    return found


def _lock(settings: Settings, name: str) -> Any:
    return exclusive_lock(state_path(settings, name).with_suffix(".lock"))
