"""Reads locked requirement files, and swaps single packages for files of this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import HeadraceError

_ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Locked:
    """One package of a lock: its version and the hashes of every file that may be installed."""

    name: str
    version: str
    hashes: frozenset[str]
    text: str


def read_lock(text: str) -> tuple[Locked, ...]:
    """Return the packages of a locked requirement file, in its order."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if _ENTRY.match(line):
            blocks.append([line])
        elif blocks and line.startswith("    --hash="):
            blocks[-1].append(line)
    return tuple(_locked("\n".join(block)) for block in blocks)


def find_locked(text: str, name: str, where: Path) -> Locked:
    """Return a package's entry.

    Raises:
        HeadraceError: the lock has no entry of this name, or more than one.
    """
    found = [entry for entry in read_lock(text) if entry.name == name]
    if len(found) != 1:
        raise HeadraceError(
            f"{where}: expected {name} once, found it {len(found)} times",
            "restore the file from version control, or run requirements/lock",
        )
    return found[0]


def with_files(text: str, files: Mapping[str, tuple[Path, str]]) -> str:
    """Return the lock with some packages named as files, each with the file's sha256."""
    for entry in read_lock(text):
        if entry.name in files:
            path, digest = files[entry.name]
            line = f"{entry.name} @ {path.as_uri()} \\\n    --hash=sha256:{digest}"
            text = text.replace(entry.text, line)
    return text


def _locked(text: str) -> Locked:
    match = _ENTRY.match(text)
    assert match is not None
    return Locked(match[1], match[2], frozenset(_HASH.findall(text)), text)
