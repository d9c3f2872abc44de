"""TFX executor of RetrainGate."""

from __future__ import annotations

import json
import posixpath
import time
from dataclasses import replace
from typing import Any

from absl import logging
from tfx import types
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from headrace.errors import HeadraceError
from headrace.evaluation import overall_metrics

from . import artifacts, comparison, keys
from .decision import Decision, Facts, LiveModel, Outcome, decide
from .policy import Policy

_TRAIN = "train"

Artifacts = dict[str, list[types.Artifact]]


class Executor(base_executor.BaseExecutor):  # type: ignore[misc]
    """Decides, and writes the decision with its reasons and figures."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Decide whether to retrain.

        Raises:
            HeadraceError: what is needed for that cannot be read.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        now = int(exec_properties.get(keys.DECIDED_AT) or time.time())
        policy = Policy.from_json(exec_properties[keys.POLICY])
        facts = _facts(input_dict, policy, _live_model(input_dict, exec_properties, now))
        facts = replace(facts, asked_for=bool(exec_properties.get(keys.FORCE)))
        decision = decide(facts, policy)
        _tell(decision)
        written = {**decision.to_dict(), "decided_at": now, "live_model": _described(facts.live)}
        _write(artifact_utils.get_single_instance(output_dict[keys.DECISION]), decision, written)


def _facts(inputs: Artifacts, policy: Policy, live: LiveModel | None) -> Facts:
    new = _statistics(inputs, keys.STATISTICS, policy)
    rows = comparison.rows(new)
    if live is None:
        return Facts(rows=rows)
    before = _statistics(inputs, keys.LIVE_STATISTICS, policy)
    serving = _statistics(inputs, keys.SERVING_STATISTICS, policy)
    both = before is not None and serving is not None
    return Facts(
        rows=rows,
        live=live,
        live_rows=None if before is None else comparison.rows(before),
        drift=None if before is None else comparison.drift(new, before, policy),
        skew=comparison.skew(before, serving, policy) if both else None,
        has_serving_data=serving is not None,
        metrics=_metrics(inputs, keys.EVALUATION),
        blessed_metrics=_metrics(inputs, keys.LIVE_EVALUATION),
    )


def _live_model(inputs: Artifacts, exec_properties: dict[str, Any], now: int) -> LiveModel | None:
    model = _one(inputs, keys.MODEL)
    if model is None:
        return None
    made = model.mlmd_artifact.create_time_since_epoch / 1000
    return LiveModel(
        id=model.id,
        uri=model.uri,
        age_seconds=now - made if made else 0.0,
        age_spans=exec_properties.get(keys.AGE_SPANS),
        is_there=bool(fileio.exists(model.uri)),
    )


def _statistics(inputs: Artifacts, key: str, policy: Policy) -> Any:
    """The statistics of one split; None where there are none."""
    artifact = _one(inputs, key)
    if artifact is None:
        return None
    splits = artifact_utils.decode_split_names(artifact.split_names)
    if not splits:
        raise HeadraceError(
            f"RetrainGate: {key}, artifact {artifact.id}, have no splits",
            "they may be Transform's: name StatisticsGen as producer_component_id of the channel",
        )
    split = policy.split or (_TRAIN if _TRAIN in splits else splits[0])
    if split not in splits:
        raise HeadraceError(
            f"RetrainGate: {key} have no split {split!r}", f"their splits: {', '.join(splits)}"
        )
    try:
        return stats_artifact_utils.load_statistics(artifact, split).proto()
    except Exception as error:  # of whatever file system it is
        raise HeadraceError(
            f"RetrainGate: {key}, split {split}, cannot be read from {artifact.uri}: {error}",
            "if its files were removed, retrain with force=1",
        ) from error


def _metrics(inputs: Artifacts, key: str) -> dict[str, float] | None:
    artifact = _one(inputs, key)
    return None if artifact is None else overall_metrics(artifact.uri)


def _one(inputs: Artifacts, key: str) -> types.Artifact | None:
    found = inputs.get(key)
    return artifact_utils.get_single_instance(found) if found else None


def _described(live: LiveModel | None) -> dict[str, Any] | None:
    return None if live is None else {"id": live.id, "uri": live.uri}


def _tell(decision: Decision) -> None:
    for check in decision.checks:
        level = logging.WARNING if check.outcome is Outcome.UNKNOWN else logging.INFO
        logging.log(level, "%s: %s", check.outcome.value, check.text)
    verdict = "Retraining" if decision.retrain else "Not retraining"
    logging.info("%s: %s", verdict, decision.reason)


def _write(artifact: types.Artifact, decision: Decision, written: dict[str, Any]) -> None:
    artifact.set_int_custom_property(artifacts.RETRAIN, int(decision.retrain))
    artifact.set_string_custom_property(artifacts.REASON, decision.reason)
    fileio.makedirs(artifact.uri)
    with fileio.open(posixpath.join(artifact.uri, artifacts.FILE_NAME), "w") as file:
        file.write(f"{json.dumps(written, indent=1)}\n")
