"""Says which metadata store cannot be used, why, and what to do."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ml_metadata import errors

from headrace.errors import HeadraceError

_NEWER = "a newer ML Metadata made it: use a newer headrace, or restore a backup"
# MLMD shows the whole statement behind SQLite's own words.
_QUERY = re.compile(r"Error when executing query: (.*?) query: .*", re.DOTALL)


class StoreUnavailable(HeadraceError):
    """The metadata store cannot be opened. ``transient``: trying again may help."""

    def __init__(self, message: str, hint: str, transient: bool) -> None:
        super().__init__(message, hint)
        self.transient = transient


def explain(error: Exception, where: str, server: tuple[str, int] | None) -> StoreUnavailable:
    """Turn an error of MLMD or the file system into one for people.

    Args:
        where: the store, without a password.
        server: host and port; None for SQLite.
    """
    text = " ".join(_QUERY.sub(r"\1", str(error)).split())
    lowered = text.lower()
    if "library version" in lowered:
        older = "older than library" in lowered
        hint = "bin/headrace migrate upgrades it, after a backup" if older else _NEWER
        transient = False
    elif server is not None:
        # MLMD keeps to itself why a server refused it, so this tells at least which half failed.
        answers = _answers(server)
        host = f"{server[0]}:{server[1]}"
        hint = (
            f"{host} answers: check user, password and that the database exists"
            if answers
            else f"nothing answers at {host}: check that the server runs and can be reached"
        )
        transient = not answers
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


@contextmanager
def explained(where: str, server: tuple[str, int] | None) -> Iterator[None]:
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


def _answers(server: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(server, timeout=5.0):
            return True
    except OSError:
        return False
