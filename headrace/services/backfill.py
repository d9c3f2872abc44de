"""Starts a backfill in the Airflow that runs here, as many runs at once as its DAG allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from headrace.errors import UsageError
from headrace.retries import Patience, patiently
from headrace.services.control import api, running
from headrace.services.instance import main_instance
from headrace.services.rest import AirflowUnreachable
from headrace.settings import Settings

# On SQLite Airflow refuses it at once if anything else writes meanwhile, and leaves nothing of it.
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
        number = patiently(
            lambda _: client.backfill(dag_id, first, last, reprocess, at_once),
            f"a backfill of {dag_id}",
            lambda error: isinstance(error, AirflowUnreachable),
            _PATIENCE,
        )
    return Backfill(number, dag_id, at_once, f"{state.url}/dags/{dag_id}/backfills")
