"""Copies of an SQLite metadata store: made while nodes run, put back while nothing does."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from headrace.errors import HeadraceError, UsageError
from headrace.records.stores import store_urls
from headrace.settings import Settings, parse_metadata_url

_BUSY_SECONDS = 60.0
_COUNTED = {"MLMDEnv": "schema_version", "Execution": "count(*)", "Artifact": "count(*)"}
_SIDES = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a database while it is written."""


@dataclass(frozen=True)
class Copy:
    """A store that was copied.

    Attributes:
        file: the copy.
        schema: version of ML Metadata's schema.
    """

    file: str
    store: str
    bytes: int
    schema: int
    executions: int
    artifacts: int


@dataclass(frozen=True)
class Restored:
    """A store that was put back; ``previous`` is where the one before it is, if there was one."""

    store: str
    backup: str
    previous: str
    schema: int
    executions: int
    artifacts: int


def store_file(settings: Settings) -> Path:
    """The SQLite file of the project's own store.

    Raises:
        UsageError: the store is a server's, which has commands of its own for that.
    """
    url = parse_metadata_url(store_urls(settings)[0], settings.project)
    if url.path is None:
        tool = "pg_dump" if url.backend == "postgresql" else "mysqldump"
        raise UsageError(
            f"the metadata store is {url.redacted()}, not an SQLite file",
            f"{tool} copies it; headrace copies SQLite only",
        )
    return url.path


def back_up(store: Path, file: Path) -> Copy:
    """Copy the store as it is at one moment; nodes may run, and wait for as long.

    The copy is written aside, checked, and renamed when it is whole.

    Raises:
        UsageError: there is no store, or the file exists.
        HeadraceError: it cannot be read or written, or the copy is not sound.
    """
    if not store.is_file():
        raise UsageError(f"there is no metadata store at {store}", "nothing has run yet")
    if file.exists():
        raise UsageError(f"{file} exists", "name another file, or remove that one")
    with _aside(file) as aside:
        with _told(store), _as_node(store):
            _copy(store, aside)
        schema, executions, artifacts = _checked(aside)
        _to_disk(aside)
        size = aside.stat().st_size
        try:
            os.link(aside, file)  # not over a file that has come meanwhile
        except FileExistsError:
            raise UsageError(f"{file} exists", "name another file") from None
    return Copy(str(file), str(store), size, schema, executions, artifacts)


def put_back(backup: Path, store: Path) -> Restored:
    """Make the backup the store; the store that there was is kept beside it.

    The caller sees to it that nothing of headrace runs.

    Raises:
        UsageError: the backup does not exist.
        HeadraceError: it is no sound store, or another process uses the store.
    """
    if not backup.is_file():
        raise UsageError(f"there is no file {backup}", "bin/headrace backup makes one")
    store.parent.mkdir(parents=True, exist_ok=True)
    with _aside(store) as aside:
        with _told(backup):
            _copy(backup, aside)
        schema, executions, artifacts = _checked(aside, backup)
        aside.chmod(store.stat().st_mode & 0o777 if store.exists() else 0o644)
        _to_disk(aside)
        with _alone(store):
            previous = _keep(store) if store.exists() else None
            os.replace(aside, store)
    kept = str(previous) if previous is not None else ""
    return Restored(str(store), str(backup), kept, schema, executions, artifacts)


def schema_of(store: Path) -> int:
    """Version of ML Metadata's schema; ``HeadraceError`` if it is no sound store."""
    return _checked(store)[0]


def default_file(settings: Settings) -> Path:
    """Where a backup goes that no file is named for; another one each time."""
    name = time.strftime("metadata-%Y%m%dT%H%M%SZ", time.gmtime())
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    names = (settings.layout.backups / f"{one}.sqlite" for one in itertools.chain([name], numbered))
    return next(file for file in names if not file.exists())


def _copy(store: Path, aside: Path) -> None:
    with (
        contextlib.closing(_open(store)) as source,
        contextlib.closing(sqlite3.connect(aside)) as target,
    ):
        # In one step: in several it would begin again with each write of a node.
        source.backup(target)


def _keep(store: Path) -> Path:
    """Give the store a second name, that stays when it is replaced."""
    kept = store.with_name(f"{store.name}.before-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    # What a killed writer left half-written belongs to this store and would spoil the next.
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_open(store)) as connection:
        connection.execute("select count(*) from sqlite_master").fetchone()
    try:
        os.link(store, kept)
    except FileExistsError:
        raise HeadraceError(f"{kept} exists", "try again in a second") from None
    for side in _SIDES:
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{store}{side}", f"{kept}{side}")
    return kept


@contextlib.contextmanager
def _aside(file: Path) -> Iterator[Path]:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for side in ("", *_SIDES):
            with contextlib.suppress(OSError):
                os.unlink(f"{name}{side}")


@contextlib.contextmanager
def _told(file: Path) -> Iterator[None]:
    """Have an error of SQLite or the file system name the store."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise HeadraceError(f"{file} cannot be copied: {error}") from None


@contextlib.contextmanager
def _as_node(store: Path) -> Iterator[None]:
    """Hold the lock that nodes hold for each call, so that none fails for a busy database."""
    try:
        descriptor = os.open(f"{store}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield  # no node has ever opened it, or not as this user
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Hold the store against nodes that start meanwhile.

    Raises:
        HeadraceError: a process holds it.
    """
    descriptor = os.open(f"{store}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeadraceError(f"{store} is in use", "wait for what uses it to end") from None
        yield
    finally:
        os.close(descriptor)


def _open(file: Path) -> sqlite3.Connection:
    # What a killed writer has left half-written is rolled back, which needs to write.
    mode = "rw" if os.access(file, os.W_OK) else "ro"
    return sqlite3.connect(f"file:{quote(str(file))}?mode={mode}", uri=True, timeout=_BUSY_SECONDS)


def _checked(copy: Path, source: Path | None = None) -> tuple[int, int, int]:
    """Schema version, executions and artifacts of a copy that is sound."""
    name = source or copy
    try:
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            [(found,)] = connection.execute("pragma integrity_check(1)").fetchall()
            if found != "ok":
                raise HeadraceError(f"{name} is damaged: {found}", "use another backup")
            counts = [
                connection.execute(f"select {what} from {table}").fetchone()[0]
                for table, what in _COUNTED.items()
                if _is_table(connection, table)
            ]
            schema, executions, artifacts = (int(value) for value in counts)
    except (sqlite3.Error, TypeError, ValueError, OverflowError) as error:
        raise HeadraceError(f"{name} is no metadata store: {error}") from None
    return schema, executions, artifacts


def _is_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether it is one: a view could be an endless computation."""
    found = connection.execute("select type from sqlite_master where name = ?", (name,)).fetchall()
    return found == [("table",)]


def _to_disk(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
