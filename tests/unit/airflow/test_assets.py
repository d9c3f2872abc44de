from typing import Any

from airflow.sdk import Asset

from headrace.airflow.announcing import SPAN_OF_RUN, announce
from headrace.airflow.assets import (
    each_span,
    examples,
    inlets_of,
    outlets_of,
    pushed_model,
    raw_data,
)
from headrace.graph.entities import Node, NodeInput, NodeKind, NodeOutput
from headrace.launcher.jobs import NodeResult

GEN = Node("Gen", "Gen", NodeKind.BEAM, executor="E", outputs=(NodeOutput("examples", "Examples"),))
TRANSFORM = Node(
    "Transform",
    "Transform",
    NodeKind.BEAM,
    executor="E",
    inputs=(NodeInput("examples", "Examples"),),
    outputs=(NodeOutput("transformed", "Examples"),),
)
WINDOW = Node("window", "Resolver", NodeKind.RESOLVER, outputs=(NodeOutput("w", "Examples"),))
PUSHER = Node(
    "Pusher",
    "Pusher",
    NodeKind.COMPONENT,
    executor="E",
    outputs=(NodeOutput("pushed_model", "PushedModel"),),
)


class Event:
    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}
        self.partitions: list[str] = []

    def add_partitions(self, key: str) -> None:
        self.partitions.append(key)


def announced(
    asset: dict[str, Any], **arguments: Any
) -> tuple[list[Any], dict[str, Any], list[str]]:
    """Outlets that get an event, and what it says."""
    outlet, event = pushed_model("daily"), Event()
    result = NodeResult("Pusher", "run", "COMPLETE", 7, asset=asset)
    outlets = announce(result, [outlet], {"outlet_events": {outlet: event}}, **arguments)
    return list(outlets), event.extra, event.partitions


def test_a_pipelines_assets_are_known_by_its_name() -> None:
    assert raw_data("daily") == raw_data("daily")
    names = {make("daily").name for make in (raw_data, examples, pushed_model)}
    assert names == {"daily.raw_data", "daily.examples", "daily.pushed_model"}
    assert isinstance(each_span(raw_data("daily")).asset_condition, Asset)


def test_an_example_gen_reads_raw_data_and_makes_examples() -> None:
    assert inlets_of("daily", GEN) == [raw_data("daily")]
    assert outlets_of("daily", GEN) == [examples("daily")]


def test_a_pusher_makes_a_pushed_model_and_others_make_no_asset() -> None:
    assert outlets_of("daily", PUSHER) == [pushed_model("daily")]
    for node in (TRANSFORM, WINDOW):
        assert outlets_of("daily", node) == inlets_of("daily", node) == []


def test_the_event_of_a_push_has_its_facts_and_the_runs_span() -> None:
    outlets, extra, partitions = announced(
        {"pushed": True, "uri": "/serving/1", "version": "1", "metrics": {"auc": 0.7}},
        is_spanned=True,
        partition="20130105",
    )
    assert outlets == [pushed_model("daily")]
    assert extra == {
        "uri": "/serving/1",
        "version": "1",
        "metrics": {"auc": 0.7},
        "node": "Pusher",
        "run_id": "run",
        "execution_id": 7,
    }
    assert partitions == ["20130105"]


def test_a_run_that_took_the_newest_span_announces_that() -> None:
    assert announced({"uri": "/e", "span": 15710}, is_spanned=True)[2] == ["20130105"]
    assert announced({"uri": "/e", "span": 7}, is_spanned=True)[2] == ["7"]


def test_runs_without_spans_have_no_partitions() -> None:
    assert announced({"uri": "/e", "span": 0})[2] == []


def test_nothing_is_announced_where_nothing_was_pushed_or_all_was_cached() -> None:
    for facts in ({"pushed": False}, {}):
        outlets, extra, partitions = announced(facts, is_spanned=True, partition="20130105")
        assert (outlets, extra, partitions) == ([], {}, [])


def test_a_tasks_other_outlets_are_its_authors_own() -> None:
    result = NodeResult("Trainer", "run", "COMPLETE", 7)
    assert announce(result, [], {}) == []


def test_the_span_of_a_run_is_its_partition_or_the_day_of_its_data_interval() -> None:
    from datetime import datetime

    from airflow.sdk import DAG

    env = DAG("d", schedule=None).get_template_env()
    template = env.from_string(SPAN_OF_RUN)
    day = {"data_interval_start": datetime(2013, 1, 5)}
    assert template.render(partition_key="20130107", **day) == "20130107"
    assert template.render(partition_key=None, **day) == "20130105"
    assert template.render(**day) == "20130105"
    assert template.render() == template.render(partition_key=None, data_interval_start=None) == ""
