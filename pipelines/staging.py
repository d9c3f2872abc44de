"""Puts prepared data where an ExampleGen reads them: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


@contextmanager
def written_whole(path: Path, aside: Path, newline: str) -> Iterator[TextIO]:
    """Give a text file that becomes ``path`` at the end, in place of what is there.

    Two processes may do so at once; of one that fails nothing is left.

    Args:
        aside: a directory of the same file system that no ExampleGen reads, which takes every file
            that it finds.
        newline: as of ``open``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=aside)
    try:
        with os.fdopen(descriptor, "w", newline=newline, encoding="utf-8") as file:
            yield file
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
