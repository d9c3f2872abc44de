"""Starts a backfill in the Airflow that runs here, as many runs at once as its DAG allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from headrace.errors import UsageError
from headrace.retries import Patience, patiently
from headrace.services.control import api, running
from headrace.services.instance import main_instance
from headrace.services.rest import AirflowApi, AirflowFailed, AirflowUnreachable
from headrace.settings import Settings

# An SQLite that is held for longer than ``services.sqlite`` waits, or another Airflow's settings.
_PATIENCE = Patience(calls=40, pause_seconds=0.2, longest_seconds=2.0)


@dataclass(frozen=True)
class Backfill:
    """One that has begun.

    Attributes:
        at_once: how many of its runs Airflow starts at once.
        page: where Airflow's UI shows it.
    """

    id: int
    dag_id: str
    at_once: int
    page: str


def start_backfill(
    settings: Settings, dag_id: str, first: date, last: date, reprocess: str
) -> Backfill:
    """Have Airflow run the DAG for each day.

    Airflow takes ten at once of a backfill that does not say how many, whatever its DAG says.

    Args:
        reprocess: which days that have run are run again: Airflow's ``none``, ``failed``,
            ``completed``.

    Raises:
        UsageError: no Airflow runs here, the days are the wrong way round, or Airflow refuses.
        HeadraceError: Airflow has failed.
    """
    if last < first:
        raise UsageError(f"the last day, {last}, is before the first, {first}")
    instance = main_instance(settings)
    state = running(instance)
    if state is None:
        raise UsageError("no Airflow of headrace runs here", "start one with bin/headrace up")
    with api(instance, state) as client:
        at_once = client.max_active_runs(dag_id)
        number = begin(
            client, dag_id, lambda: client.backfill(dag_id, first, last, reprocess, at_once)
        )
    return Backfill(number, dag_id, at_once, f"{state.url}/dags/{dag_id}/backfills")


def begin(client: AirflowApi, dag_id: str, call: Callable[[], int]) -> int:
    """Return what ``call`` returns: the id of the DAG's backfill that it has Airflow begin.

    What a failed call has left is closed before the next. Airflow enters a backfill first and then
    its runs; if the database is locked in between it removes the backfill, unless it cannot do
    that either, and an open one without runs would have the next call refused for minutes.
    """
    others = client.open_backfills(dag_id)
    has_failed = False

    def try_it(_: int) -> int:
        nonlocal has_failed
        if has_failed:
            for left in client.open_backfills(dag_id) - others:
                client.cancel_backfill(left)
        has_failed = False
        try:
            return call()
        except AirflowFailed:
            has_failed = True
            raise

    return patiently(
        try_it,
        f"a backfill of {dag_id}",
        lambda error: isinstance(error, AirflowUnreachable),
        _PATIENCE,
    )
