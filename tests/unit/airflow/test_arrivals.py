import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from headrace.airflow.arrivals import AnnounceSpans, SpansArrived, arrivals_dag
from headrace.airflow.assets import raw_data
from headrace.errors import UsageError

RAW = raw_data("daily")


def arrive(directory: Path, day: str) -> None:
    (directory / day).mkdir(parents=True)
    (directory / day / "rows.csv").write_text("a\n1\n")
    (directory / day / "_SUCCESS").touch()


def trigger(directory: Path) -> SpansArrived:
    return SpansArrived(str(directory), "{YYYY}{MM}{DD}", poll_seconds=0.01)


async def events(watching: SpansArrived, *then: Any) -> list[list[str]]:
    """The spans of its events; after each of them one of ``then`` is called."""
    told = []
    following = iter(then)
    async for event in watching.run():
        told.append(event.payload["spans"])
        do = next(following, None)
        if do is None:
            return told
        do()
    return told


def test_a_watcher_tells_of_what_is_there_and_again_when_there_is_more(tmp_path: Path) -> None:
    arrive(tmp_path, "20130101")
    told = asyncio.run(events(trigger(tmp_path), lambda: arrive(tmp_path, "20130102")))
    assert told == [["20130101"], ["20130101", "20130102"]]


def test_a_watcher_that_is_started_again_loses_nothing(tmp_path: Path) -> None:
    arrive(tmp_path, "20130101")
    before = trigger(tmp_path)
    asyncio.run(events(before))
    kind, arguments = before.serialize()
    assert kind == "headrace.airflow.arrivals.SpansArrived"
    assert asyncio.run(events(SpansArrived(**arguments))) == [["20130101"]]


def test_a_watcher_waits_for_a_directory_that_is_not_there_yet(tmp_path: Path) -> None:
    async def both() -> list[list[str]]:
        watching = asyncio.create_task(events(trigger(tmp_path / "later")))
        await asyncio.sleep(0.05)
        arrive(tmp_path / "later", "20130101")
        return await asyncio.wait_for(watching, 30)

    assert asyncio.run(both()) == [["20130101"]]


class Outlet:
    """What Airflow gives a task to say its events with."""

    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}
        self.partition_keys: Any = set()

    def add_partitions(self, keys: list[str]) -> None:
        self.partition_keys |= set(keys)


def announce(arrived: list[list[str]], known: list[str]) -> list[str]:
    """The partitions of the events that are sent, in their order."""
    task = AnnounceSpans(task_id="announce", asset=RAW, directory="/days")
    outlet = Outlet()
    payloads = [SimpleNamespace(extra={"payload": {"spans": spans}}) for spans in arrived]
    context = {
        "triggering_asset_events": {"arrivals": payloads},
        "inlet_events": {RAW: [SimpleNamespace(partition_key=key) for key in known]},
        "outlet_events": {RAW: outlet},
    }
    task.execute(context)
    assert outlet.extra == {"directory": "/days"}
    return list(outlet.partition_keys)


def test_all_spans_of_several_events_are_announced_in_their_order() -> None:
    days = [f"201301{day:02}" for day in range(1, 20)]
    assert announce([days[9:], days[:12]], []) == days
    assert announce([["10", "9", "1"]], []) == ["1", "9", "10"]


def test_what_was_announced_before_is_not_announced_again() -> None:
    assert announce([["20130101", "20130102"]], ["20130101"]) == ["20130102"]
    with pytest.raises(AirflowSkipException):
        announce([["20130101"]], ["20130101", "20121231"])


def test_a_pattern_that_cannot_be_watched_is_the_dag_files_mistake() -> None:
    with pytest.raises(UsageError, match="cannot be watched"):
        arrivals_dag("daily", "/days", pattern="*")


def test_the_dag_is_started_by_its_watcher_one_run_at_a_time() -> None:
    dag = arrivals_dag("daily", "/days", since="20140101")
    assert (dag.dag_id, dag.max_active_runs) == ("daily_arrivals", 1)
    assert [asset.name for asset in dag.get_task("announce").outlets] == ["daily.raw_data"]
