"""What there is on this machine after a fault: in the store, as files, processes, Flink jobs."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.faults.contents import digest
from tests.faults.store import Store

_ASIDE = re.compile(r"\..+\.[a-z0-9_]{8}")
"""What ``headrace.files`` calls a file that is not whole yet."""
_SAME_START_SECONDS = 0.1


@dataclass(frozen=True)
class Scene:
    """
    Attributes:
        alive: open executions whose process runs.
        digests: of every artifact's files, by id; empty where there are none.
        directories: which nodes' tries have made below the artifact root.
        leftovers: temporary files and directories, and files that were being written aside.
        processes: of this campaign, but of none of its servers, as "PID COMMAND".
        flink: jobs that run on the cluster, and folders of jobs.
    """

    store: Store
    alive: frozenset[int] = frozenset()
    digests: Mapping[int, str] = field(default_factory=dict)
    directories: tuple[Path, ...] = ()
    leftovers: tuple[Path, ...] = ()
    processes: tuple[str, ...] = ()
    flink: tuple[str, ...] = ()


class Digests:
    """Of the files of artifacts, each read once for as long as nothing there has changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[object, str]] = {}

    def __call__(self, place: Path) -> str:
        stamp = tuple((str(file), *_stamp(file)) for file in _files(place))
        known = self._known.get(place)
        if known is None or known[0] != stamp:
            self._known[place] = known = (stamp, digest(place))
        return known[1]


def look(
    store: Store,
    roots: Collection[Path],
    temporary: Collection[Path],
    homes: Collection[Path],
    processes: Collection[str],
    digests: Digests,
    flink: Collection[str] = (),
) -> Scene:
    """Look around.

    Args:
        roots: of pipelines.
        temporary: directories in which nothing is to be left.
        homes: directories in which files are written aside, then renamed.
    """
    return Scene(
        store,
        frozenset(
            item.id for item in store.executions if item.is_open and lives(item.pid, item.started)
        ),
        {number: digests(Path(item.uri)) for number, item in store.artifacts.items()},
        tuple(place for root in roots for place in directories_of_tries(root)),
        tuple(place for base in temporary for place in _entries(base))
        + tuple(file for home in homes for file in home.rglob(".*") if _ASIDE.fullmatch(file.name)),
        tuple(processes),
        tuple(flink),
    )


def directories_of_tries(root: Path) -> Iterator[Path]:
    """NODE/KEY/EXECUTION, and what TFX keeps of an execution, of a pipeline's root."""
    for node in _entries(root):
        for key in _entries(node):
            if key.name == ".system":
                for kind in ("executor_execution", "stateful_working_dir"):
                    yield from _entries(key / kind)
            elif key.is_dir():
                yield from _entries(key)


def lives(pid: int, started: float) -> bool:
    """Whether the process that started so many seconds after the machine did still runs."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
            ticks = int(text.rpartition(")")[2].split()[19])
            return abs(ticks / os.sysconf("SC_CLK_TCK") - started) < _SAME_START_SECONDS
    return False


def described(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return f"{process.pid} {' '.join(process.cmdline())[:160]}"
    return f"{process.pid} (has ended)"


def _entries(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.is_dir() else []


def _files(place: Path) -> list[Path]:
    return sorted(place.rglob("*")) if place.is_dir() else [place]


def _stamp(file: Path) -> tuple[int, ...]:
    with contextlib.suppress(OSError):
        status = file.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns
    return ()
