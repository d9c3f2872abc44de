"""A temporary directory for each job, removed with all that libraries forgot in it.

Beam and TensorFlow leave directories in TMPDIR, and a killed process leaves all of its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from headrace.services.identity import ProcessIdentity

_PER_SECOND = 100
"""In the names, as the kernel counts."""
_REMOVE = ("/bin/rm", "-rf", "--")


def make_scratch(environ: Mapping[str, str]) -> Path:
    """Make a directory that only this user can enter, below the job's TMPDIR.

    Raises:
        OSError: it cannot be made.
    """
    maker = ProcessIdentity.of(os.getpid())
    started = round(maker.started * _PER_SECOND)
    prefix = f"{_prefix()}{maker.pid}-{started}-"
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_base(environ)))


def remove_scratch(directory: Path) -> None:
    """Remove it, without waiting where there is much to remove.

    The process that removes it is a child for the caller to reap, if it reaps any.
    """
    with contextlib.suppress(OSError):
        directory.rmdir()
        return
    if directory.exists():
        with contextlib.suppress(OSError):
            os.posix_spawn(_REMOVE[0], [*_REMOVE, str(directory)], os.environ)


def abandoned(environ: Mapping[str, str]) -> Iterator[Path]:
    """Directories of this user whose maker was killed before it could remove them."""
    pattern = re.compile(re.escape(_prefix()) + r"(\d+)-(\d+)-\w+")
    with contextlib.suppress(OSError):
        for entry in os.scandir(_base(environ)):
            match = pattern.fullmatch(entry.name)
            if match is None:
                continue
            maker = ProcessIdentity(int(match[1]), int(match[2]) / _PER_SECOND)
            if maker.find() is not None:
                continue
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                    yield Path(entry.path)


def _base(environ: Mapping[str, str]) -> str:
    return environ.get("TMPDIR") or tempfile.gettempdir()


def _prefix() -> str:
    """Names the PID namespace: where containers share TMPDIR, a PID alone says nothing."""
    with contextlib.suppress(OSError):
        return f"headrace-{os.stat('/proc/self/ns/pid').st_ino}-"
    return f"headrace-{os.uname().nodename}-"
