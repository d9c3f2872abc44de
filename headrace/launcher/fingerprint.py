"""A short text that changes when the TFX environment or headrace's own sources change."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import headrace
from headrace.settings import Settings


def environment_fingerprint(settings: Settings) -> str:
    """Return the fingerprint; it costs a directory walk of headrace's sources and a few stats.

    Installing or removing a package changes the environment's ``site-packages`` directory.
    """
    facts = [headrace.__version__, str(settings.tfx_python)]
    environment = settings.tfx_python.parent.parent
    for path in (environment / "pyvenv.cfg", *environment.glob("lib/python3*/site-packages")):
        facts.append(_stamp(path))
    facts.extend(_stamp(path) for path in _sources(Path(headrace.__file__).parent))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _sources(package: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return f"{path} is missing"
    return f"{path} {status.st_size} {status.st_mtime_ns}"
