"""Files that appear whole, and once."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def replace_file(path: Path, data: bytes) -> None:
    """Write aside, flush to disk, and rename over ``path``: the same again changes nothing."""
    with _aside(path, data) as written:
        os.replace(written, path)


def create_file(path: Path, data: bytes) -> bool:
    """Write ``path`` if it is not there; return whether it was not. Of two writers one wins."""
    with _aside(path, data) as written:
        try:
            os.link(written, path)
        except FileExistsError:
            return False
    return True


def as_json(value: Any) -> bytes:
    """One value as a JSON file."""
    # A file's name may have bytes that are no text, which JSON's escapes keep as they are.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def as_lines(values: list[Any]) -> bytes:
    """Values as JSON lines."""
    return b"".join(map(as_json, values))


@contextlib.contextmanager
def _aside(path: Path, data: bytes) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, written = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield written
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(written)
