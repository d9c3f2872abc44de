"""What others want to know of new examples and of a pushed model: the facts of an asset event."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from typing import Any

from headrace.components.spans.lineage import newest_span
from headrace.evaluation import overall_metrics
from headrace.launcher.jobs import ArtifactResult
from headrace.node.pushing import DESTINATION, NOT_PUSHED, VERSION
from headrace.store import lineage

EXAMPLES, PUSHED_MODEL = "Examples", "PushedModel"
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
    inputs = lineage.inputs(store, _maker(store, pushed_id))
    facts: dict[str, Any] = {}
    model = _newest(store, inputs.get("model"))
    if model is not None:
        facts = {"model_uri": model.uri, "model_id": model.id}
        span = newest_span(store, model.id)
        if span is not None:
            facts["span"] = span
    blessing = _newest(store, inputs.get("model_blessing"))
    if blessing is not None:
        outputs = lineage.outputs(store, _maker(store, blessing.id))
        evaluation = _newest(store, outputs.get("evaluation"))
        if evaluation is not None:
            facts["metrics"] = _metrics(evaluation.uri)
    return facts


def _metrics(uri: str) -> dict[str, float]:
    """Over all examples; empty where they cannot be read: a model that was pushed is announced."""
    try:
        found = overall_metrics(uri) or {}
    except Exception as error:  # of whatever file system it is
        _log.warning("The metrics of %s cannot be read: %s", uri, error)
        return {}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _maker(store: Any, artifact_id: int) -> list[int]:
    """The execution that made it, not those that found it cached."""
    return lineage.makers(store, [artifact_id])[:1]


def _newest(store: Any, artifact_ids: Sequence[int] | None) -> Any | None:
    """The artifact, of which there is one where there is any."""
    return store.get_artifacts_by_id([max(artifact_ids)])[0] if artifact_ids else None


def _plain(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value")) if value.WhichOneof("value") else None
