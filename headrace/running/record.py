"""What a run was asked to do, kept so that it can be resumed, and where its logs are."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from headrace.errors import HeadraceError, UsageError
from headrace.fields import read_fields
from headrace.files import write_atomically
from headrace.launcher.jobs import ParameterValue

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,149}")
_KEPT = 200
_TRACEBACK = "Traceback (most recent call last):"
_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]+ )", re.MULTILINE)
"""Where a record of a log begins; it may have many lines."""


@dataclass(frozen=True)
class RunRecord:
    """One run as it was asked for.

    Attributes:
        target: absolute, so that the run can be resumed from any directory.
        start, end: nodes of a partial run.
        keras: major version of Keras that its nodes have.
        beam_overrides: Beam arguments over the pipeline's own; may hold a password.
        base_run: the run whose outputs a partial run reuses; empty for a whole run.
    """

    run_id: str
    target: str
    pipeline: str
    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    runner: str = ""
    start: list[str] = field(default_factory=list)
    end: list[str] = field(default_factory=list)
    base_run: str = ""
    keras: str = ""
    beam_overrides: list[str] = field(default_factory=list)


def new_run_id() -> str:
    """An id that sorts by time and that two runs of one second do not share."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def run_directory(runs: Path, run_id: str) -> Path:
    """The directory of a run's record and logs.

    Raises:
        UsageError: the id has characters that paths and the metadata store's names should not have.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"{run_id!r} cannot be a run id",
            "use letters, digits and _.:+- only, at most 150, with a letter or digit first",
        )
    return runs / run_id


def log_file(directory: Path, node_id: str) -> Path:
    """Where a node's log is."""
    return directory / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', node_id)}.log"


def last_lines(path: Path, count: int) -> list[str]:
    """What the node said last, without what has a traceback: the error's own line is shown."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    said = [record for record in _RECORD.split(text) if _TRACEBACK not in record]
    return [line for record in said for line in record.splitlines()][-count:]


def write_record(directory: Path, record: RunRecord) -> None:
    """Keep it; parameters may be nobody else's business."""
    write_atomically(directory / "run.json", json.dumps(asdict(record), indent=1), mode=0o600)


def read_record(directory: Path) -> RunRecord | None:
    """The record of a run, or None if there is none.

    Raises:
        HeadraceError: it is damaged.
    """
    path = directory / "run.json"
    try:
        return read_fields(RunRecord, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise HeadraceError(f"the record of a run, {path}, cannot be read: {error}") from None


@contextlib.contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Hold the run, so that no second process runs its nodes at the same time.

    Raises:
        UsageError: another process holds it.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            raise UsageError(
                f"run {directory.name} is running already, in process {holder or 'unknown'}",
                "wait for its end, or end that process",
            ) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def forget_old_runs(runs: Path) -> None:
    """Remove the records and logs of all but the newest runs; the store keeps what they made.

    What another process runs at present stays, however many there are.
    """
    with contextlib.suppress(OSError):
        entries = sorted(
            (entry.stat().st_mtime, entry.path) for entry in os.scandir(runs) if entry.is_dir()
        )
        for _, path in entries[:-_KEPT]:
            if not _is_owned(Path(path)):
                shutil.rmtree(path, ignore_errors=True)


def _is_owned(directory: Path) -> bool:
    try:
        descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
