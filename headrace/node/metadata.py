"""Connections to the ML Metadata store: from a URL, with one writer at a time on SQLite."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
from google.protobuf import json_format
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.proto.orchestration import metadata_pb2

from headrace.errors import UsageError
from headrace.settings import MetadataUrl, parse_metadata_url
from headrace.store import config
from headrace.store.unavailable import StoreUnavailable, explain

_RETRIES = 10
_SQLITE_RETRIES = 4
"""Each waits for seconds inside SQLite, for programs that do not know the lock file."""


class Metadata(metadata.Metadata):  # type: ignore[misc]
    """TFX's handle, whose store waits for other processes instead of failing on a locked SQLite.

    SQLite takes one writer at a time, and MLMD reads before it writes within a transaction, so two
    nodes that run in parallel meet SQLITE_BUSY at once, whatever the time-out. A lock on a file
    beside the database keeps each call to itself; it is dropped by the kernel if its holder dies.
    """

    def __init__(self, connection: Any, where: str, server: tuple[str, int] | None = None) -> None:
        super().__init__(connection)
        self._store: Any = None
        self._where = where
        self._server = server
        self._lock = _lock_path(connection)

    def __enter__(self) -> Metadata:
        if self._store is None:
            self._store = self._open()
        self._users += 1
        return self

    def _open(self) -> Any:
        def connect() -> Any:
            return mlmd.MetadataStore(self._connection_config)

        try:
            store = connect() if self._lock is None else _locked(self._lock, connect)
        except (mlmd.errors.StatusError, RuntimeError, OSError) as error:
            raise explain(error, self._where, self._server) from None
        call = store._call
        store._call = lambda *args, **kw: self._called(lambda: call(*args, **kw))
        return store

    def _called(self, call: Callable[[], Any]) -> Any:
        """One call of the store, alone on SQLite; says which store it is that cannot be used."""
        try:
            return call() if self._lock is None else _locked(self._lock, call)
        except (mlmd.errors.AbortedError, mlmd.errors.UnavailableError) as error:
            raise explain(error, self._where, self._server) from None
        except mlmd.errors.InternalError as error:
            # Others are answers that TFX expects, such as that something does not exist.
            raise explain(error, self._where, self._server) from error


def open_metadata(url: str, ir_path: Path) -> Metadata:
    """Return the handle of the store that ``url`` names, or of the pipeline's own if it is empty.

    Raises:
        UsageError: the URL cannot be used, or there is neither a URL nor a connection of the
            pipeline's own.
    """
    if url:
        try:
            parsed = parse_metadata_url(url, Path.cwd())
        except ValueError as error:
            raise UsageError(f"metadata store: {error}") from None
        server = (parsed.host, parsed.port) if parsed.host else None
        return Metadata(connection_config(parsed), parsed.redacted(), server)
    own = ir_path.parent / "metadata_connection.json"
    if not own.is_file():
        raise UsageError(
            "no metadata store is set, and the pipeline names none",
            "set HEADRACE_METADATA_URL, for example to sqlite:////path/to/metadata.sqlite",
        )
    kept = json_format.Parse(own.read_text(), metadata_pb2.MLMDConnectionConfig())
    chosen = getattr(kept, kept.WhichOneof("connection_config"))
    return Metadata(chosen, "the pipeline's own metadata connection")


def connection_config(url: MetadataUrl) -> Any:
    """The URL as MLMD's own configuration; a missing directory of an SQLite file is made."""
    if url.path is None:
        return config.connection_config(url, _RETRIES)
    _make_parent(url.path)
    made = config.connection_config(url, _SQLITE_RETRIES)
    made.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return made


def _make_parent(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"the metadata store's directory {path.parent} cannot be made: {error.strerror}",
            "set HEADRACE_METADATA_URL to a place that can be written",
            transient=False,
        ) from None


def _lock_path(connection: Any) -> Path | None:
    if isinstance(connection, metadata_store_pb2.ConnectionConfig) and connection.HasField(
        "sqlite"
    ):
        file = connection.sqlite.filename_uri
        return Path(f"{file.removeprefix('file:')}.lock") if file else None
    return None


def _locked(lock: Path, work: Callable[[], Any]) -> Any:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return work()
    finally:
        os.close(descriptor)
