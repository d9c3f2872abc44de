"""Says which metadata store cannot be used, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ml_metadata import errors

from headrace.errors import HeadraceError
from headrace.store.servers import DatabaseServer, why_no_connection

_NEWER = "a newer ML Metadata made it: use a newer headrace, or restore a backup"
# MLMD shows the whole statement behind SQLite's own words.
_QUERY = re.compile(r"Error when executing query: (.*?) query: .*", re.DOTALL)
_SILENT = "connection pointer is NULL"
"""MLMD's words where PostgreSQL gave it no connection; it says why in its log only."""
_BROKEN = (
    "server closed the connection",
    "terminating connection",
    "connection not open",
    "could not receive data",
    "could not send data",
    "gone away",
    "lost connection",
)


class StoreUnavailable(HeadraceError):
    """The metadata store cannot be opened. ``transient``: trying again may help."""

    def __init__(self, message: str, hint: str, transient: bool) -> None:
        super().__init__(message, hint)
        self.transient = transient


def explain(error: Exception, where: str, server: DatabaseServer | None) -> StoreUnavailable:
    """Turn an error of MLMD or the file system into one for people.

    Args:
        where: the store, without a password.
        server: None for SQLite.
    """
    text = " ".join(_QUERY.sub(r"\1", str(error)).split())
    lowered = text.lower()
    if "library version" in lowered:
        older = "older than library" in lowered
        hint = "bin/headrace migrate upgrades it, after a backup" if older else _NEWER
        transient = False
    elif server is not None:
        text, hint, transient = _of_server(text, server)
    elif isinstance(error, OSError):
        hint, transient = "check the permissions of its directory", False
    elif "readonly" in lowered or "read-only" in lowered or "unable to open" in lowered:
        hint, transient = "its file or directory cannot be written: check the permissions", False
    elif "full" in lowered:
        hint, transient = "its disk is full: make room, then try again", True
    elif "locked" in lowered or "busy" in lowered or "aborted" in lowered:
        hint, transient = "another program holds it: end that program, or try again", True
    elif "not a database" in lowered or "malformed" in lowered:
        hint, transient = "the file is damaged or no SQLite database: restore it, or move it", False
    else:
        hint, transient = "check HEADRACE_METADATA_URL, or where the pipeline names its store", True
    return StoreUnavailable(f"metadata store {where}: {text}", hint, transient)


def _of_server(text: str, server: DatabaseServer) -> tuple[str, str, bool]:
    """What is wrong, what to do, and whether trying again may help, by the server's word of now."""
    why = why_no_connection(server)
    is_silent = _SILENT in text
    if why:
        hint = "check that the server runs and can be reached"
        return why if is_silent else f"{text}; {why}", hint, True
    if any(sign in text.lower() for sign in _BROKEN):
        return text, f"the connection broke, and {server.address} answers again: try again", True
    hint = f"{server.address} answers: check user, password and that the database exists"
    return "the server refuses the connection" if is_silent else text, hint, False


@contextmanager
def explained(where: str, server: DatabaseServer | None) -> Iterator[None]:
    """Explain what a call of MLMD raises because its store cannot be used.

    Other errors are answers that its callers expect, such as that something does not exist.

    Raises:
        StoreUnavailable: the call failed for that reason.
    """
    try:
        yield
    except (errors.AbortedError, errors.UnavailableError) as error:
        raise explain(error, where, server) from None
    except errors.InternalError as error:
        raise explain(error, where, server) from error
