"""The one error of a DAG file, and what Airflow itself refuses told in its words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from airflow.sdk.exceptions import AirflowException

from headrace.errors import UsageError


class DagAuthorError(Exception):
    """The DAG cannot be made of this pipeline; the message says why, with file and line."""


@contextlib.contextmanager
def told_by_airflow(what: str, hint: str = "") -> Iterator[None]:
    """Turn Airflow's refusal of an argument into a ``UsageError`` that says what it was for."""
    try:
        yield
    except (AirflowException, TypeError, ValueError) as error:
        raise UsageError(f"Airflow refuses {what}: {error}", hint) from None
