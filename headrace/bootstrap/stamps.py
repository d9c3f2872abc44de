"""What each environment was made from, so that only what changed is made again."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from headrace.files import write_atomically

STAMP_NAME = "headrace-setup.json"
CHANGING = "changing"

SETUP_FORMAT = 1
"""Raised when environments made by an older headrace must be made again."""


@dataclass(frozen=True)
class Stamp:
    """What an environment is made from. Two equal stamps: nothing to do.

    The tools of the tests are kept when they are there already, so ``tools`` is empty both when
    they are not wanted and when nobody asked.
    """

    location: str
    """The environment's own directory: one that was moved does not work."""
    interpreter: str
    """Path and version of the Python that it was made with."""
    packages: str
    """Digest of the locked requirements."""
    tools: str
    """Digest of the tests' locked requirements; empty: not installed."""
    project: str
    """Digest of what the project's own installation is made from."""


def digest(*parts: str | bytes) -> str:
    """Return one checksum over texts, apart from each other."""
    whole = hashlib.sha256(str(SETUP_FORMAT).encode("ascii"))
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big"))
        whole.update(data)
    return whole.hexdigest()


def read_stamp(environment: Path) -> Stamp | None:
    """Return an environment's stamp; None if it has none, or a change of it never ended."""
    try:
        values = json.loads((environment / STAMP_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    names = {field.name for field in fields(Stamp)}
    if not isinstance(values, dict) or set(values) != names:
        return None
    if not all(isinstance(value, str) for value in values.values()):
        return None
    return Stamp(**values)


def is_half_made(environment: Path) -> bool:
    """Say whether a change of this environment began and never ended.

    What an interrupted installer leaves can look installed and lack files, so such an environment
    is made again from nothing (its downloads are in the installer's cache).
    """
    try:
        text = (environment / STAMP_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return read_stamp(environment) is None or text.strip() == CHANGING


def begin_change(environment: Path) -> None:
    """Mark an environment as being changed."""
    write_atomically(environment / STAMP_NAME, f"{CHANGING}\n")


def end_change(environment: Path, stamp: Stamp) -> None:
    """Mark an environment as finished; the last step of every change."""
    write_atomically(environment / STAMP_NAME, json.dumps(asdict(stamp), indent=1) + "\n")


def write_ready(envs: Path, made_from: str, asked_python: str, with_tools: bool) -> None:
    """Tell ``bin/headrace`` that everything is made, in the three lines that it compares."""
    tools = "dev" if with_tools else "base"
    write_atomically(envs / ".ready", f"{made_from}\n{asked_python}\n{tools}\n")


def drop_ready(envs: Path) -> None:
    """Let ``bin/headrace`` look closer the next time."""
    with contextlib.suppress(FileNotFoundError):
        (envs / ".ready").unlink()


def write_recorded_python(envs: Path, executable: Path) -> None:
    """Remember the interpreter that ``bin/headrace`` goes on with."""
    path = envs / ".python"
    line = f"{executable}\n"
    try:
        if path.read_text(encoding="utf-8") == line:
            return
    except (OSError, UnicodeDecodeError):
        pass
    write_atomically(path, line)
