"""What others want to know of new examples and of a pushed model: the facts of an asset event."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from typing import Any

from ml_metadata.proto import metadata_store_pb2

from headrace.components.spans.lineage import newest_span
from headrace.launcher.jobs import ArtifactResult
from headrace.node.pushing import DESTINATION, NOT_PUSHED, VERSION

EXAMPLES, PUSHED_MODEL = "Examples", "PushedModel"
_Event = metadata_store_pb2.Event
_log = logging.getLogger(__name__)


def asset_facts(store: Any, outputs: Iterable[ArtifactResult]) -> dict[str, Any]:
    """Facts about a node's outputs that assets are made of; empty for all other nodes.

    Of examples: ``uri``, and ``span`` and ``version`` where they have them. Of a pushed model:
    ``pushed`` (whether it was; if not although it was blessed, ``reason``), and then ``uri`` (where
    it is served from), ``version``, ``span`` (the newest that it has learnt from), ``model_uri``
    and ``model_id`` (the artifact that was pushed) and ``metrics`` (of Evaluator, over all
    examples).
    """
    found = next((item for item in outputs if item.type in (EXAMPLES, PUSHED_MODEL)), None)
    if found is None:
        return {}
    [artifact] = store.get_artifacts_by_id([found.id])
    properties = {name: _plain(value) for name, value in artifact.custom_properties.items()}
    if found.type == EXAMPLES:
        known = {name: properties[name] for name in ("span", "version") if name in properties}
        return {"uri": artifact.uri, **known}
    if properties.get("pushed") != 1:
        reason = properties.get(NOT_PUSHED)
        return {"pushed": False, **({"reason": reason} if reason else {})}
    facts = {
        "pushed": True,
        "uri": properties.get(DESTINATION) or artifact.uri,
        "version": properties.get(VERSION, ""),
    }
    return {**facts, **_of_model(store, artifact.id)}


def _of_model(store: Any, pushed_id: int) -> dict[str, Any]:
    inputs = _inputs(store, _makers(store, pushed_id))
    facts: dict[str, Any] = {}
    if "model" in inputs:
        facts = {"model_uri": inputs["model"].uri, "model_id": inputs["model"].id}
        span = newest_span(store, inputs["model"].id)
        if span is not None:
            facts["span"] = span
    if "model_blessing" in inputs:
        makers = _makers(store, inputs["model_blessing"].id)
        evaluation = _outputs(store, makers).get("evaluation")
        if evaluation is not None:
            facts["metrics"] = overall_metrics(evaluation.uri)
    return facts


def overall_metrics(uri: str) -> dict[str, float]:
    """An evaluation's metrics over all examples; of a named output with its name before.

    Empty where they cannot be read: a model that was pushed is announced, whatever else is.
    """
    import tensorflow_model_analysis as tfma

    try:
        result = tfma.load_eval_result(uri)
    except Exception as error:
        _log.warning("The metrics of %s cannot be read: %s", uri, error)
        return {}
    found: dict[str, float] = {}
    for slice_key, by_output in result.slicing_metrics:
        if slice_key:
            continue
        for output, values in by_output.items():
            for name, metric in values[""].items():
                value = metric.get("doubleValue")
                if name and value is not None and math.isfinite(value):
                    found[f"{output}.{name}" if output else name] = value
    return found


def _makers(store: Any, artifact_id: int) -> list[int]:
    events = store.get_events_by_artifact_ids([artifact_id])
    return sorted({event.execution_id for event in events if event.type == _Event.OUTPUT})


def _inputs(store: Any, executions: list[int]) -> dict[str, Any]:
    return _by_key(store, executions, _Event.INPUT)


def _outputs(store: Any, executions: list[int]) -> dict[str, Any]:
    return _by_key(store, executions, _Event.OUTPUT)


def _by_key(store: Any, executions: list[int], kind: int) -> dict[str, Any]:
    """Artifacts by their keys; one for each, as these have."""
    if not executions:
        return {}
    events = store.get_events_by_execution_ids(executions[:1])
    keys = {
        event.artifact_id: next((step.key for step in event.path.steps if step.key), "")
        for event in events
        if event.type == kind
    }
    artifacts = store.get_artifacts_by_id(list(keys)) if keys else []
    return {keys[artifact.id]: artifact for artifact in artifacts}


def _plain(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value")) if value.WhichOneof("value") else None
