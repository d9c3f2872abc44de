"""A node's asset events: only what is new is announced, with its facts, as a span's partition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from airflow.sdk import Asset

from headrace.launcher.jobs import NodeResult
from headrace.span_keys import span_key

SPAN_OF_RUN = (
    "{{ partition_key if partition_key is defined and partition_key else "
    "(data_interval_start | ds_nodash "
    "if data_interval_start is defined and data_interval_start else '') }}"
)
"""Template of a run's span: its partition, or else the day that its data interval starts on."""


def announce(
    result: NodeResult,
    outlets: Sequence[Any],
    context: Any,
    *,
    is_spanned: bool = False,
    partition: str = "",
) -> list[Any]:
    """Say what the events of a task's assets tell, and return the outlets that get one.

    Args:
        is_spanned: whether the runs are of spans, so that events have partitions.
        partition: the run's span; empty where ExampleGen has taken the newest.

    Airflow sends an event for each outlet of a task that succeeds. There is none for examples or a
    push that an earlier execution has made, nor for a model that was not pushed.
    """
    ours = [item for item in outlets if isinstance(item, Asset)]
    if not ours:
        return list(outlets)
    facts = dict(result.asset)
    if not facts or not facts.pop("pushed", True):
        return [item for item in outlets if item not in ours]
    for asset in ours:
        event = context["outlet_events"][asset]
        event.extra = {
            **facts,
            "node": result.node_id,
            "run_id": result.run_id,
            "execution_id": result.execution_id,
        }
        if is_spanned and (partition or "span" in facts):
            event.add_partitions(partition or span_key(facts["span"]))
    return list(outlets)


def announce_spans(
    spans: Iterable[str],
    asset: Asset,
    context: Any,
    extra: Callable[[Sequence[str]], dict[str, Any]],
) -> list[str]:
    """Give a task's asset event a partition for each span that none was sent of; return these.

    Airflow's own records say which were sent, so it is for tasks that have the asset as inlet and
    as outlet.

    Args:
        spans: in the order in which runs are to be made.
        extra: what the event tells of those that are new; not asked where none is.
    """
    known = {event.partition_key for event in context["inlet_events"][asset]}
    new = [span for span in spans if span not in known]
    if new:
        event = context["outlet_events"][asset]
        event.extra = extra(new)
        event.add_partitions(new)
        # Airflow keeps a set and sends in its order.
        event.partition_keys = dict.fromkeys(new)
    return new
