"""Opens a metadata store to read or to mend what is in it; nothing is made, and none upgraded."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from headrace.files import exclusive_lock
from headrace.settings import MetadataUrl
from headrace.store import backslashes
from headrace.store.config import connection_config
from headrace.store.ordering import put_in_order
from headrace.store.servers import server_of
from headrace.store.unavailable import StoreUnavailable, explain, explained

_READ_RETRIES, _WRITE_RETRIES = 3, 10
_LOCK_SECONDS = 30.0
_BUSY_SECONDS = 10.0
_READ_ONLY = "-c default_transaction_read_only=on"
_NOTHING_THERE = ("cannot execute create table", "cannot execute create database")
_Mode = metadata_store_pb2.SqliteMetadataSourceConfig
_Lock = Callable[[], AbstractContextManager[None]]
"""Makes what is held for each call."""


def open_to_read(url: MetadataUrl) -> Any | None:
    """Return a store whose calls do not meet a writer of headrace's, or None if there is none yet.

    On MySQL, which cannot be told to read only, an existing database without tables gets them.

    Raises:
        StoreUnavailable: it is there but cannot be used.
    """
    if url.path is not None and not _is_file_of_store(url, url.path):
        return None
    lock = _shared_lock(url.path)
    with _refusing_writes() if url.backend == "postgresql" else contextlib.nullcontext():
        return _opened(url, _config(url, _READ_RETRIES, _Mode.READONLY), lock)


def open_to_write(url: MetadataUrl) -> Any | None:
    """Return a store whose calls wait for those of nodes, or None if there is none yet.

    Raises:
        StoreUnavailable: it is there but cannot be used.
    """
    if url.path is not None and not _is_file_of_store(url, url.path):
        return None
    # MLMD makes what is missing on a server that lets it.
    if url.backend == "postgresql" and open_to_read(url) is None:
        return None
    lock: _Lock = contextlib.nullcontext
    if url.path is not None:
        lock = functools.partial(exclusive_lock, _lock_file(url.path))
    return _opened(url, _config(url, _WRITE_RETRIES, _Mode.READWRITE), lock)


def _config(url: MetadataUrl, retries: int, mode: Any) -> Any:
    config = connection_config(url, retries)
    if url.path is not None:
        config.sqlite.connection_mode = mode
    elif url.backend == "mysql":
        config.mysql.skip_db_creation = True
    return config


def _opened(url: MetadataUrl, config: Any, lock: _Lock) -> Any | None:
    """A store that holds the lock for each call, and says which store it is that cannot be used."""
    where, server = url.redacted(), server_of(config)
    try:
        with lock():
            store = mlmd.MetadataStore(config)
    except (mlmd.errors.StatusError, RuntimeError, OSError) as error:
        if any(refused in str(error).lower() for refused in _NOTHING_THERE):
            return None
        raise explain(error, where, server) from None
    call = store._call

    def called(name: str, request: Any, response: Any, *rest: Any) -> Any:
        if url.backend == "postgresql":
            backslashes.hide(request)
        with explained(where, server), lock():
            call(name, request, response, *rest)
        put_in_order(name, request, response)
        if url.backend == "postgresql":
            backslashes.show(request)
            backslashes.show(response)

    store._call = called
    return store


@contextlib.contextmanager
def _refusing_writes() -> Iterator[None]:
    """Let libpq refuse every write of the connections that are made meanwhile.

    By its own variable: MLMD would make the database and the tables where they are missing.
    """
    given = os.environ.get("PGOPTIONS")
    os.environ["PGOPTIONS"] = f"{given or ''} {_READ_ONLY}".strip()
    try:
        yield
    finally:
        del os.environ["PGOPTIONS"]
        if given is not None:
            os.environ["PGOPTIONS"] = given


def _is_file_of_store(url: MetadataUrl, path: Path) -> bool:
    """Whether there is an SQLite file with MLMD's tables.

    Raises:
        StoreUnavailable: it is no file, or cannot be read.
    """
    if not path.exists():
        return False
    where = url.redacted()
    if not path.is_file():
        hint = "set HEADRACE_METADATA_URL to the store's own file"
        raise StoreUnavailable(f"metadata store {where} is no file", hint, transient=False)
    try:
        with _shared_lock(path)():
            return _has_tables(path)
    except (sqlite3.Error, OSError) as error:
        raise explain(error, where, None) from None


def _has_tables(path: Path) -> bool:
    """Whether MLMD's tables are there.

    What a killed writer has left half-written is rolled back, as by every program that reads the
    file; MLMD's own read-only mode could not.
    """
    mode = "rw" if os.path.exists(f"{path}-journal") and os.access(str(path), os.W_OK) else "ro"
    uri = f"file:{quote(str(path))}?mode={mode}"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
        found = connection.execute("select 1 from sqlite_master where name = 'MLMDEnv'").fetchone()
    return found is not None


def _lock_file(path: Path) -> Path:
    return Path(f"{path}.lock")


def _shared_lock(path: Path | None) -> _Lock:
    return contextlib.nullcontext if path is None else functools.partial(_shared, _lock_file(path))


@contextlib.contextmanager
def _shared(lock: Path) -> Iterator[None]:
    """While no node writes: nodes hold this lock for each call that they make."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        # No node has ever opened this store, or not as this user.
        yield
        return
    try:
        _wait_for(descriptor, lock)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, lock: Path) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise StoreUnavailable(
                    f"the metadata store is in use: {lock} has been held for {_LOCK_SECONDS:.0f} s",
                    "a node holds it for each call only: is its disk or file system stuck?",
                    transient=True,
                ) from None
        time.sleep(0.01)
