"""Tells a full disk as one, with the disks that a node writes to."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from headrace.errors import HeadraceError
from headrace.store.unavailable import StoreUnavailable

_ERRORS = (errno.ENOSPC, errno.EDQUOT)
_TEXTS = ("No space left on device", "Disk quota exceeded", "database or disk is full")
_MEGABYTE = 1_000_000


class DiskFull(HeadraceError):
    """Something could not be written."""

    transient = True


@contextlib.contextmanager
def telling_of_full_disk(artifacts: str) -> Iterator[None]:
    """Raise ``DiskFull`` in place of what libraries make of it.

    Args:
        artifacts: directory or URI that the node's outputs are below.

    Raises:
        DiskFull: there was no room.
        StoreUnavailable: there was none for the metadata store, which it names.
    """
    try:
        yield
    except (DiskFull, StoreUnavailable):
        raise
    except Exception as raised:
        if not _is_of_full_disk(raised):
            raise
        places = {"artifacts": artifacts, "temporary files": tempfile.gettempdir()}
        shown = "; ".join(f"{what}: {_room(place)}" for what, place in places.items())
        raise DiskFull(
            "no space was left on the disk; what the node had written has been removed",
            f"make room, then resume the run or clear the task. Now free for {shown}",
        ) from raised


def _is_of_full_disk(raised: BaseException) -> bool:
    link: BaseException | None = raised
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        if isinstance(link, OSError) and link.errno in _ERRORS:
            return True
        if any(text in str(link) for text in _TEXTS):
            return True
        seen.add(id(link))
        link = link.__cause__ or link.__context__
    return False


def _room(place: str) -> str:
    path = Path(place)
    if "://" in place:
        return place
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        return f"{shutil.disk_usage(path).free // _MEGABYTE} MB at {place}"
    except OSError as error:
        return f"{place} ({error.strerror})"
