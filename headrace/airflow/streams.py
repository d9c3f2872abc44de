"""A DAG that keeps a stream on Flink running, and announces the spans that it lands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from headrace.airflow.announcing import announce_spans
from headrace.airflow.assets import raw_data
from headrace.span_keys import span_key

_TAGS = ("tfx", "stream")


def stream_dag(
    stream: str,
    *,
    pipeline: str = "",
    schedule: Any = timedelta(minutes=1),
    dag_id: str | None = None,
    **dag_args: Any,
) -> DAG:
    """Make the DAG that keeps a stream running.

    Args:
        stream: its name, as ``bin/headrace stream`` takes it.
        pipeline: that trains on its spans: its asset ``raw_data`` gets an event for each. Empty:
            spans are not announced, as of a stream of predictions.
        schedule: how often it is looked after.
        dag_id: by default the stream's name with ``_stream``.
        dag_args: passed on to ``DAG``.
    """
    arguments = {"catchup": False, "tags": list(_TAGS), **dag_args}
    with DAG(
        dag_id=dag_id or f"{stream}_stream",
        schedule=schedule,
        max_active_runs=1,  # two would not see each other's events
        **arguments,
    ) as dag:
        KeepStream(task_id="keep", stream=stream)
        if pipeline:
            AnnounceLanded(task_id="announce", stream=stream, asset=raw_data(pipeline))
    return dag


class KeepStream(BaseOperator):  # type: ignore[misc]
    """Starts the stream where it left off, if it does not run."""

    def __init__(self, *, stream: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stream = stream

    def execute(self, context: Any) -> dict[str, Any]:
        """Look, and return what was done."""
        from headrace.streams.control import start

        started = start(_settings(context), self.stream)
        if started.began:
            self.log.warning(
                "Stream %s did not run; Flink job %s goes on from %s",
                started.name,
                started.job_id,
                started.restored or "its journal",
            )
        return {"job_id": started.job_id, "began": started.began}


class AnnounceLanded(BaseOperator):  # type: ignore[misc]
    """Sends an event of the asset for each span in the stream's outbox, once.

    Airflow's own records say which were sent, and it writes an event together with the end of the
    task that sends it. So none is sent twice, and none is lost.
    """

    def __init__(self, *, stream: str, asset: Asset, **kwargs: Any) -> None:
        super().__init__(inlets=[asset], outlets=[asset], **kwargs)
        self.stream = stream
        self.asset = asset

    def execute(self, context: Any) -> list[str]:
        """Announce, and return the spans.

        Raises:
            AirflowSkipException: there is none that is new.
        """
        directory = _directory(_settings(context), self.stream)
        return announce_landed(directory, self.asset, context)


def announce_landed(directory: Path, asset: Asset, context: Any) -> list[str]:
    """Fill the asset's event in with the spans that have landed and have no event yet.

    Raises:
        AirflowSkipException: there is none.
    """
    from headrace.streams.counts import announcements

    landed = {span_key(int(one["span"])): one for one in announcements(directory)}

    def told(keys: Sequence[str]) -> dict[str, Any]:
        return {"directory": str(directory), "rows": {key: landed[key]["rows"] for key in keys}}

    new = announce_spans(landed, asset, context, told)
    if not new:
        raise AirflowSkipException("every span that has landed was announced before")
    return new


def _settings(context: Any) -> Any:
    from headrace.settings import load_settings

    return load_settings(Path(context["dag"].fileloc))


def _directory(settings: Any, stream: str) -> Path:
    from headrace.streams.state import name_stream, read_state

    state = read_state(settings, name_stream(stream, settings).name)
    if not state.directory:
        raise AirflowSkipException(f"stream {stream} was never started")
    return Path(state.directory)
