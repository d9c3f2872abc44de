"""Opens a metadata store to read it; nothing is made in it, changed or upgraded."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from headrace.settings import MetadataUrl
from headrace.store import backslashes
from headrace.store.config import connection_config
from headrace.store.unavailable import StoreUnavailable, explain

_RETRIES = 3
_LOCK_SECONDS = 30.0
_BUSY_SECONDS = 10.0
_READ_ONLY = "-c default_transaction_read_only=on"
_NOTHING_THERE = ("cannot execute create table", "cannot execute create database")
_T = TypeVar("_T")


def open_to_read(url: MetadataUrl) -> Any | None:
    """Return a store whose calls do not meet a writer of headrace's, or None if there is none yet.

    On MySQL, which cannot be told to read only, an existing database without tables gets them.

    Raises:
        StoreUnavailable: it is there but cannot be used.
    """
    where = url.redacted()
    server = (url.host, url.port) if url.host else None
    config = connection_config(url, _RETRIES)
    lock = None
    if url.path is not None:
        config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READONLY
        lock = Path(f"{url.path}.lock")
        if not url.path.exists():
            return None
        if not url.path.is_file():
            hint = "set HEADRACE_METADATA_URL to the store's own file"
            raise StoreUnavailable(f"metadata store {where} is no file", hint, transient=False)
    elif url.backend == "postgresql":
        # libpq's own variable: MLMD would make the database and the tables where they are missing.
        given = os.environ.get("PGOPTIONS", "")
        if _READ_ONLY not in given:
            os.environ["PGOPTIONS"] = f"{given} {_READ_ONLY}".strip()
    else:
        config.mysql.skip_db_creation = True
    try:
        if url.path is not None and not _shared(lock, lambda: _is_store(url.path)):
            return None
        store = _shared(lock, lambda: mlmd.MetadataStore(config))
    except (mlmd.errors.StatusError, RuntimeError, OSError, sqlite3.Error) as error:
        if any(refused in str(error).lower() for refused in _NOTHING_THERE):
            return None
        raise explain(error, where, server) from None
    call = store._call

    def called(name: str, request: Any, response: Any, *rest: Any) -> Any:
        try:
            _shared(lock, lambda: call(name, request, response, *rest))
        except (mlmd.errors.AbortedError, mlmd.errors.UnavailableError) as error:
            raise explain(error, where, server) from None
        except mlmd.errors.InternalError as error:
            raise explain(error, where, server) from error
        if url.backend == "postgresql":
            backslashes.show(response)

    store._call = called
    return store


def _is_store(path: Path | None) -> bool:
    """Whether an SQLite file has MLMD's tables.

    What a killed writer has left half-written is rolled back, as by every program that reads the
    file; MLMD's own read-only mode could not.
    """
    mode = "rw" if os.path.exists(f"{path}-journal") and os.access(str(path), os.W_OK) else "ro"
    uri = f"file:{quote(str(path))}?mode={mode}"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
        found = connection.execute("select 1 from sqlite_master where name = 'MLMDEnv'").fetchone()
    return found is not None


def _shared(lock: Path | None, work: Callable[[], _T]) -> _T:
    """Do it while no node writes: nodes hold this lock for each call that they make."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC) if lock is not None else None
    except OSError:
        descriptor = None  # no node has ever opened this store, or not as this user
    if descriptor is None:
        return work()
    try:
        _wait_for(descriptor, lock)
        return work()
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, lock: Path | None) -> None:
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
