"""Removes the directory of an execution's output, and nothing of another's in it.

What an execution of another metadata store had put into the place of an output is renamed, not
removed: for an output that is one file, within the same directory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

SET_ASIDE = ".set-aside-"
"""Is in the name of what was renamed so: a node writes it, and whoever removes outputs reads it."""


def remove_output(place: Path) -> bool:
    """Remove it; what was set aside in it stays, and then its directory too. Whether it was there.

    Raises:
        OSError: something in it cannot be removed.
    """
    if not os.path.lexists(place):
        return False
    if not place.is_dir() or place.is_symlink():
        place.unlink()
        return True
    for part in _own(place):
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink()
    with contextlib.suppress(OSError):
        place.rmdir()
    return True


def size_of_output(place: Path) -> int:
    """Bytes of the files that ``remove_output`` would remove; what cannot be seen has none."""
    with contextlib.suppress(OSError):
        return sum(_size(part) for part in _own(place))
    return 0


def _own(place: Path) -> Iterator[Path]:
    with os.scandir(place) as entries:
        yield from [Path(entry.path) for entry in entries if SET_ASIDE not in entry.name]


def _size(part: Path) -> int:
    if not part.is_dir() or part.is_symlink():
        return part.lstat().st_size
    total = 0
    for place, _, names in os.walk(part):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total
