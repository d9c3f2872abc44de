import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from headrace.airflow.assets import raw_data
from headrace.airflow.streams import announce_landed, stream_dag

RAW = raw_data("clicks")


class Event:
    """An outlet's event, as Airflow gives it to a task."""

    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}
        self.partition_keys: Any = set()

    def add_partitions(self, keys: list[str]) -> None:
        self.partition_keys.update(keys)


def land(directory: Path, *spans: int) -> None:
    (directory / "outbox").mkdir(exist_ok=True)
    for span in spans:
        told = {"span": span, "uri": f"span-{span}", "start": 0, "end": 0, "rows": span}
        (directory / "outbox" / f"span-{span}.json").write_text(json.dumps(told))


def context(*known: str) -> dict[str, Any]:
    """What a task sees of an asset whose events so far had these partitions."""
    events = [SimpleNamespace(partition_key=key) for key in known]
    return {"inlet_events": {RAW: events}, "outlet_events": {RAW: Event()}}


def test_each_landed_span_is_a_partition_in_its_order(tmp_path: Path) -> None:
    land(tmp_path, 10, 9)
    seen = context()
    assert announce_landed(tmp_path, RAW, seen) == ["9", "10"]
    event = seen["outlet_events"][RAW]
    assert list(event.partition_keys) == ["9", "10"]
    assert event.extra["rows"] == {"9": 9, "10": 10}


def test_a_span_that_airflow_knows_of_is_not_announced_again(tmp_path: Path) -> None:
    land(tmp_path, 9, 10)
    assert announce_landed(tmp_path, RAW, context("9")) == ["10"]
    with pytest.raises(AirflowSkipException, match="announced before"):
        announce_landed(tmp_path, RAW, context("9", "10"))


def test_a_span_of_a_day_is_named_by_its_date(tmp_path: Path) -> None:
    land(tmp_path, 20_000)
    assert announce_landed(tmp_path, RAW, context()) == ["20241004"]


def test_a_stream_is_looked_after_one_run_at_a_time_and_announced_even_if_it_fails() -> None:
    dag = stream_dag("clicks", pipeline="clicks")
    assert dag.max_active_runs == 1
    assert {task.task_id: task.upstream_task_ids for task in dag.tasks} == {
        "keep": set(), "announce": set(),
    }  # fmt: skip
    assert stream_dag("predictions").task_ids == ["keep"]
