"""Waits until a fresh Airflow has parsed the DAG files."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from headrace.services.rest import AirflowApi, AirflowUnreachable

_QUIET_SECONDS = 120.0
"""So long nothing new may come of a file before it is given up: a first compilation imports TFX."""
_POLL_SECONDS = 0.5


def wait_for_dags(
    client: AirflowApi, folder: Path, since: float, say: Callable[[str], None]
) -> None:
    """Wait until every DAG file has given a DAG or an import error, at or after ``since``.

    A file of which nothing comes (it defines no DAG, or an ``.airflowignore`` names it) is told of
    and not waited for longer.

    Raises:
        AirflowUnreachable: the API server does not answer for as long.
    """
    waiting = dag_files(folder)
    told = False
    quiet_from = time.monotonic()
    while waiting:
        try:
            left = waiting - parsed_files(client.dags(), client.import_errors(), folder, since)
        except AirflowUnreachable:
            if time.monotonic() - quiet_from > _QUIET_SECONDS:
                raise
            time.sleep(_POLL_SECONDS)
            continue
        if left != waiting:
            quiet_from = time.monotonic()
        waiting = left
        if waiting and time.monotonic() - quiet_from > _QUIET_SECONDS:
            names = ", ".join(sorted(str(file.relative_to(folder)) for file in waiting))
            say(f"no DAG has come of {names}: see the DAG processor's log")
            return
        if waiting and not told:
            say("waiting for the DAG files to be parsed (the first time compiles the pipelines)")
            told = True
        if waiting:
            time.sleep(_POLL_SECONDS)


def dag_files(folder: Path) -> frozenset[Path]:
    """The files that Airflow looks into: those with the words that its own guess asks for."""
    return frozenset(file for file in folder.rglob("*.py") if _may_define_a_dag(file))


def _may_define_a_dag(file: Path) -> bool:
    try:
        text = file.read_bytes().lower()
    except OSError:
        return False
    return b"airflow" in text and (b"dag" in text or b"asset" in text)


def parsed_files(
    dags: list[dict[str, Any]], errors: list[dict[str, Any]], folder: Path, since: float
) -> set[Path]:
    """The files of the DAGs and import errors that are from ``since`` or later."""
    found = {Path(dag["fileloc"]) for dag in dags if _time(dag["last_parsed_time"]) >= since}
    for error in errors:
        if _time(error["timestamp"]) >= since:
            # As an absolute path, or as one below the DAG folder.
            found.add(folder / error["filename"])
    return found


def _time(text: str | None) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else 0.0
