"""Connections to the ML Metadata store: from a URL, with one writer at a time on SQLite."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import logging
import os
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
from google.protobuf import json_format
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.proto.orchestration import metadata_pb2

from headrace.errors import UsageError
from headrace.launcher.logs import keep_secret
from headrace.node import first_comers, known_contexts, known_types, spared_writes
from headrace.node.answers import Answers
from headrace.node.spared_writes import KnownState
from headrace.retries import IMPATIENT, PATIENT, patiently
from headrace.settings import MetadataUrl, parse_metadata_url
from headrace.store import backslashes, config
from headrace.store.locks import closing_lock
from headrace.store.ordering import put_in_order
from headrace.store.servers import server_of
from headrace.store.unavailable import StoreUnavailable, explain, explained

_log = logging.getLogger(__name__)
_RETRIES = 10
_REST_SECONDS = 30.0
"""A store that was not used for longer is opened anew: who knows what has become of its connection.
"""
_SQLITE_RETRIES = 4
"""Each waits for seconds inside SQLite, for programs that do not know the lock file."""


class Metadata(metadata.Metadata):  # type: ignore[misc]
    """TFX's handle, whose store waits for other processes instead of failing on a locked SQLite.

    SQLite takes one writer at a time, and MLMD reads before it writes within a transaction, so two
    nodes that run in parallel meet SQLITE_BUSY at once, whatever the time-out. A lock on a file
    beside the database keeps each call to itself; it is dropped by the kernel if its holder dies.

    TFX opens a store for every step of a node. On a database server that takes MLMD thirty round
    trips, so a store that has not rested for long is used again.

    Attributes:
        on_write: told of each call that writes before it is made, with its name and its request,
            which it may change.
        on_written: told of each after it was made, with its name, request and response.
        calls: how many calls the store was sent, by name; ``open`` counts too.
        seconds: how long they took.
        artifact_types: names of the artifact types that it was told of, by id.
        context_types: the same of context types.
    """

    def __init__(self, connection: Any, where: str) -> None:
        super().__init__(connection)
        self.on_write: Callable[[str, Any], None] = lambda name, request: None
        self.on_written: Callable[[str, Any, Any], None] = lambda name, request, response: None
        self.calls: Counter[str] = Counter()
        self.seconds = 0.0
        self.artifact_types: dict[int, str] = {}
        self.context_types: dict[int, str] = {}
        self._store: Any = None
        self._resting: Any = None
        self._resting_since = 0.0
        self._is_unproven = False
        self._answers = Answers()
        self._known = KnownState()
        self._where = where
        self._server = server_of(connection)
        self._database = _database(connection)
        self._lock = Path(f"{self._database}.lock") if self._database else None
        self._is_postgresql = _is_postgresql(connection)
        _handles.add(self)

    def __enter__(self) -> Metadata:
        if self._store is None:
            rested = time.monotonic() - self._resting_since
            kept, self._resting = self._resting, None
            self._is_unproven = kept is not None and rested < _REST_SECONDS
            self._store = kept if self._is_unproven else self._open()
        self._users += 1
        return self

    def __exit__(self, *_: Any) -> None:
        self._users -= 1
        if self._users == 0:
            self._resting, self._store = self._store, None
            self._resting_since = time.monotonic()

    @property
    def closing_lock(self) -> Path:
        """Held while an execution of a dead process is taken up or closed."""
        return closing_lock(self._database)

    def look_up(self, contexts: Iterable[known_contexts.Key]) -> None:
        """Ask for these contexts in one call, so that who needs one has its answer.

        Those that are not there, or have no external id yet, will be asked for one by one.
        """
        unknown = [key for key in dict.fromkeys(contexts) if not self._knows(key)]
        if not unknown:
            return
        request, response = known_contexts.asked_at_once(unknown)
        with contextlib.suppress(mlmd.errors.NotFoundError), self:
            self._store._call("GetContextsByExternalIds", request, response)
        for question, answer in known_contexts.as_asked_alone(response.contexts):
            self._learn("GetContextByTypeAndName", question, answer)

    def _knows(self, key: known_contexts.Key) -> bool:
        question, answer = known_contexts.asked_alone(key)
        return self._answers.recall("GetContextByTypeAndName", question, answer)

    def look_up_types(self) -> None:
        """Ask for all types in three calls, so that who needs one has its answer."""
        for name, request, response in known_types.asked_at_once():
            with self:
                self._store._call(name, request, response)
            for one in known_types.as_asked_alone(response):
                self._learn(*one)

    def abandon(self) -> None:
        """In a process that was forked: leave the connection to the other, without ending it."""
        for store in filter(None, (self._store, self._resting)):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(store))
        self._store = self._resting = None
        self._users = 0

    def _open(self) -> Any:
        """Connect; again for some seconds where a server takes no connections for now."""
        patience = IMPATIENT if self._server is None else PATIENT
        store = patiently(lambda _: self._opened(), "the metadata store", _may_pass, patience)
        call = store._call
        store._call = lambda name, request, response, *rest: self._ask(
            name, request, response, lambda sent: call(name, sent, response, *rest)
        )
        return store

    def _opened(self) -> Any:
        try:
            with self._counted("open"):
                if self._lock is None:
                    return first_comers.opened(self._connect)
                return _locked(self._lock, self._connect)
        except (mlmd.errors.StatusError, RuntimeError, OSError) as error:
            raise explain(error, self._where, self._server) from None

    def _connect(self) -> Any:
        config = self._connection_config
        if not self._is_postgresql:
            return mlmd.MetadataStore(config)
        # MLMD would look first, over a connection of its own, whether the database exists.
        quick = type(config)()
        quick.CopyFrom(config)
        quick.postgresql.skip_db_creation = True
        try:
            return mlmd.MetadataStore(quick)
        except (mlmd.errors.StatusError, RuntimeError):
            return mlmd.MetadataStore(config)

    def _ask(self, name: str, request: Any, response: Any, call: Callable[[Any], Any]) -> None:
        if self._answers.recall(name, request, response):
            return
        writes = not name.startswith("Get")
        if writes:
            self.on_write(name, request)
        self._answers.forget(name)
        if first_comers.puts_types(name) and self._lock is None:
            first_comers.claim_types(request)
            call = partial(_registered, call)
        if writes:
            known_contexts.claim_contexts(request, self.context_types)
        sent = self._known.without_known(name, request)
        if self._is_postgresql:
            backslashes.hide(sent)
        with self._counted(name):
            self._tried(name, sent, response, call)
        put_in_order(name, request, response)
        spared_writes.complete(name, request, sent, response)
        first_comers.hide_claims(response)
        if self._is_postgresql:
            backslashes.show(sent)
            backslashes.show(response)
        self._learn(name, request, response)
        if writes:
            self.on_written(name, request, response)

    def _learn(self, name: str, request: Any, response: Any) -> None:
        self._answers.keep(name, request, response)
        self._known.learn(name, request, response)
        if name == "GetArtifactType":
            self.artifact_types[response.artifact_type.id] = response.artifact_type.name
        elif name == "GetContextType":
            self.context_types[response.context_type.id] = response.context_type.name
        elif name == "GetArtifactTypesByID":
            self.artifact_types |= {item.id: item.name for item in response.artifact_types}

    def _tried(self, name: str, request: Any, response: Any, call: Callable[[Any], Any]) -> None:
        """Make the call; over a new connection where the old one has broken.

        Not one that writes, unless the connection has rested until now: it may have been done.
        """
        try:
            self._called(lambda: call(request))
        except StoreUnavailable as error:
            reads = name.startswith("Get")
            if not self._is_unproven and not (reads and self._server and error.transient):
                raise
            _log.warning("%s; connecting again", error.message)
            self._store = store = self._open()
            self._answers, self._known = Answers(), KnownState()
            self._called(lambda: type(store)._call(store, name, request, response))
        self._is_unproven = False

    @contextlib.contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        start = time.monotonic()
        self.calls[name] += 1
        try:
            yield
        finally:
            self.seconds += time.monotonic() - start

    def _called(self, call: Callable[[], Any]) -> Any:
        """One call of the store, alone on SQLite; says which store it is that cannot be used."""
        with explained(self._where, self._server):
            return call() if self._lock is None else _locked(self._lock, call)


def _may_pass(error: Exception) -> bool:
    return isinstance(error, StoreUnavailable) and error.transient


def _registered(call: Callable[[Any], Any], request: Any) -> Any:
    return first_comers.registered(partial(call, request))


def _abandon_all() -> None:
    for handle in list(_handles):
        handle.abandon()


_handles: weakref.WeakSet[Metadata] = weakref.WeakSet()
# A server ends a connection for both processes when one of them closes its copy.
os.register_at_fork(after_in_child=_abandon_all)


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
        keep_secret(parsed.password)
        return Metadata(connection_config(parsed), parsed.redacted())
    own = ir_path.parent / "metadata_connection.json"
    if not own.is_file():
        raise UsageError(
            "no metadata store is set, and the pipeline names none",
            "set HEADRACE_METADATA_URL, for example to sqlite:////path/to/metadata.sqlite",
        )
    kept = json_format.Parse(own.read_text(), metadata_pb2.MLMDConnectionConfig())
    chosen = getattr(kept, kept.WhichOneof("connection_config"))
    for backend in ("mysql", "postgresql"):
        keep_secret(getattr(getattr(chosen, backend, None), "password", ""))
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


def _is_postgresql(connection: Any) -> bool:
    return isinstance(connection, metadata_store_pb2.ConnectionConfig) and connection.HasField(
        "postgresql"
    )


def _database(connection: Any) -> Path | None:
    """The SQLite file; None for a server."""
    if isinstance(connection, metadata_store_pb2.ConnectionConfig) and connection.HasField(
        "sqlite"
    ):
        file = connection.sqlite.filename_uri
        return Path(file.removeprefix("file:")) if file else None
    return None


def _locked(lock: Path, work: Callable[[], Any]) -> Any:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return work()
    finally:
        os.close(descriptor)
