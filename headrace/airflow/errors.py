"""Errors of a DAG file, as Airflow's import errors show them: the message, without our frames."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from headrace.errors import HeadraceError


class DagAuthorError(Exception):
    """The DAG cannot be made of this pipeline; the message says why, with file and line."""


@contextlib.contextmanager
def for_dag_author(target: str) -> Iterator[None]:
    """Turn headrace's errors, and values of the wrong kind, into one clear ``DagAuthorError``."""
    message = ""
    try:
        yield
    except (HeadraceError, ValueError) as error:
        message = f"{target}: {error}"
    if message:
        # Without the chain of our own frames: the message says where the author has to look.
        raise DagAuthorError(message) from None
