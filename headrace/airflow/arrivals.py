"""Raw data that arrive in a directory become events of the pipeline's asset, one for each span.

An asset watcher of Airflow's starts a small DAG, and its one task announces what is new. Airflow
may make one run of several events of a watcher, and a watcher's event has no partition; the task
sends one with the partition for each span, in their order, and knows from Airflow's own records
which it has sent before. So each is announced once, also over restarts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from headrace.airflow.announcing import announce_spans
from headrace.airflow.assets import arrivals, raw_data
from headrace.airflow.landing import Landing, Pattern

_TAGS = ("tfx", "arrivals")


def arrivals_dag(
    pipeline: str,
    directory: str | Path,
    *,
    pattern: str = "{YYYY}{MM}{DD}",
    since: str = "",
    poll_seconds: float = 5.0,
    settle_seconds: float = 30.0,
    dag_id: str | None = None,
    **dag_args: Any,
) -> DAG:
    """Make the DAG that announces a pipeline's raw data as they arrive.

    Args:
        pipeline: the pipeline's name, whose asset ``raw_data`` gets the events.
        directory: that the spans' directories arrive in; of the triggerer's host.
        pattern: of a span's directory: the first part of the ExampleGen's own pattern.
        since: spans before this one are not announced, such as those that a backfill has read.
        poll_seconds: between two looks.
        settle_seconds: so long nothing may change in a span's directory that has no ``_SUCCESS``.
        dag_id: by default the pipeline's name with ``_arrivals``.
        dag_args: passed on to ``DAG``.
    """
    Pattern(pattern)  # a mistake is the DAG file's, not the triggerer's
    trigger = SpansArrived(
        str(directory), pattern, since, poll_seconds=poll_seconds, settle_seconds=settle_seconds
    )
    watcher = AssetWatcher(name=f"{pipeline}.arrivals", trigger=trigger)
    arguments = {"catchup": False, "tags": list(_TAGS), **dag_args}
    with DAG(
        dag_id=dag_id or f"{pipeline}_arrivals",
        schedule=[arrivals(pipeline, [watcher])],
        max_active_runs=1,  # two would not see each other's events
        **arguments,
    ) as dag:
        AnnounceSpans(task_id="announce", asset=raw_data(pipeline), directory=str(directory))
    return dag


class SpansArrived(BaseEventTrigger):  # type: ignore[misc]
    """Tells which spans have arrived: all of them at its start, then whenever there are more.

    It keeps nothing over a restart: the task that it starts knows what has been announced.
    """

    def __init__(
        self,
        directory: str,
        pattern: str,
        since: str = "",
        poll_seconds: float = 5.0,
        settle_seconds: float = 30.0,
    ) -> None:
        super().__init__()
        self._arguments = {
            "directory": directory,
            "pattern": pattern,
            "since": since,
            "poll_seconds": poll_seconds,
            "settle_seconds": settle_seconds,
        }
        self._landing = Landing(Path(directory), Pattern(pattern), since, settle_seconds)
        self._poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class and its arguments, as Airflow stores them."""
        return (f"{type(self).__module__}.{type(self).__qualname__}", dict(self._arguments))

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, and tell of spans that were not told of yet, without end."""
        told: set[str] = set()
        trouble = ""
        while True:
            try:
                spans = await asyncio.to_thread(self._landing.arrived, time.time())
                trouble = ""
            except OSError as error:
                spans = []
                if str(error) != trouble:
                    self.log.warning("%s cannot be looked at: %s", self._landing.directory, error)
                    trouble = str(error)
            if not told.issuperset(spans):
                told.update(spans)
                # All of them: what a failed task has not announced, the next one does.
                yield TriggerEvent({"spans": spans})
            await asyncio.sleep(self._poll_seconds)


class AnnounceSpans(BaseOperator):  # type: ignore[misc]
    """Sends an event of the asset for each span that has arrived and was not announced before.

    Args:
        asset: of the raw data.
        directory: noted in the events.
    """

    def __init__(self, *, asset: Asset, directory: str, **kwargs: Any) -> None:
        super().__init__(inlets=[asset], outlets=[asset], **kwargs)
        self.asset = asset
        self.directory = directory

    def execute(self, context: Any) -> list[str]:
        """Announce, and return the spans.

        Raises:
            AirflowSkipException: there is none that is new.
        """
        arrived = _spans_of(context["triggering_asset_events"])
        ordered = sorted(arrived, key=lambda span: (len(span), span))
        told = {"directory": self.directory}
        new = announce_spans(ordered, self.asset, context, lambda _: told)
        if not new:
            raise AirflowSkipException("every span that has arrived was announced before")
        self.log.info("Announced %s of %s", ", ".join(new), self.asset.name)
        return new


def _spans_of(events: Mapping[Any, Any]) -> set[str]:
    payloads = [event.extra.get("payload") for of_one in events.values() for event in of_one]
    return {span for payload in payloads if payload for span in payload["spans"]}
