"""Opens a metadata store to mend what is in it; nothing is made, and no schema upgraded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from headrace.files import exclusive_lock
from headrace.settings import MetadataUrl
from headrace.store import backslashes
from headrace.store.config import connection_config
from headrace.store.opening import open_to_read
from headrace.store.unavailable import explain

_RETRIES = 10


def open_to_write(url: MetadataUrl) -> Any | None:
    """Return a store whose calls wait for those of nodes, or None if there is none yet.

    Raises:
        StoreUnavailable: it is there but cannot be used.
    """
    given = os.environ.get("PGOPTIONS")
    if open_to_read(url) is None:
        return None
    # Reading has told libpq to refuse every write.
    os.environ.pop("PGOPTIONS", None)
    if given is not None:
        os.environ["PGOPTIONS"] = given
    where = url.redacted()
    server = (url.host, url.port) if url.host else None
    lock = Path(f"{url.path}.lock") if url.path is not None else None
    config = connection_config(url, _RETRIES)
    if url.path is not None:
        config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE
    try:
        with _alone(lock):
            store = mlmd.MetadataStore(config)
    except (mlmd.errors.StatusError, RuntimeError, OSError) as error:
        raise explain(error, where, server) from None
    call = store._call

    def called(name: str, request: Any, response: Any, *rest: Any) -> Any:
        if url.backend == "postgresql":
            backslashes.hide(request)
        try:
            with _alone(lock):
                call(name, request, response, *rest)
        except (mlmd.errors.AbortedError, mlmd.errors.UnavailableError) as error:
            raise explain(error, where, server) from None
        except mlmd.errors.InternalError as error:
            raise explain(error, where, server) from error
        if url.backend == "postgresql":
            backslashes.show(request)
            backslashes.show(response)

    store._call = called
    return store


@contextmanager
def _alone(lock: Path | None) -> Iterator[None]:
    if lock is None:
        yield
        return
    with exclusive_lock(lock):
        yield
