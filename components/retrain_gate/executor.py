"""TFX executor of RetrainGate."""

from __future__ import annotations

import json
import posixpath
import time
from typing import Any

from absl import logging
from tfx import types
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from headrace.errors import HeadraceError
from headrace.evaluation import overall_metrics

from . import artifacts, comparison
from .decision import Decision, Facts, LiveModel, Outcome, decide
from .driver import DECIDED_AT_KEY
from .policy import Policy

STATISTICS_KEY = "statistics"
MODEL_KEY = "model"
LIVE_STATISTICS_KEY = "live_statistics"
SERVING_STATISTICS_KEY = "serving_statistics"
EVALUATION_KEY = "evaluation"
LIVE_EVALUATION_KEY = "live_evaluation"
DECISION_KEY = "decision"
POLICY_KEY = "policy"
FORCE_KEY = "force"

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
        now = int(exec_properties.get(DECIDED_AT_KEY) or time.time())
        policy = Policy.from_json(exec_properties[POLICY_KEY])
        facts = _facts(input_dict, policy, now, bool(exec_properties.get(FORCE_KEY)))
        decision = decide(facts, policy)
        _tell(decision)
        written = {**decision.to_dict(), "decided_at": now, "live_model": _described(facts.live)}
        _write(artifact_utils.get_single_instance(output_dict[DECISION_KEY]), decision, written)


def _facts(inputs: Artifacts, policy: Policy, now: int, asked_for: bool) -> Facts:
    new = _statistics(inputs, STATISTICS_KEY, policy)
    rows = comparison.rows(new)
    live = _live_model(inputs, now)
    if live is None:
        return Facts(rows=rows, asked_for=asked_for)
    before = _statistics(inputs, LIVE_STATISTICS_KEY, policy)
    serving = _statistics(inputs, SERVING_STATISTICS_KEY, policy)
    both = before is not None and serving is not None
    return Facts(
        rows=rows,
        live=live,
        live_rows=None if before is None else comparison.rows(before),
        drift=None if before is None else comparison.drift(new, before, policy),
        skew=comparison.skew(before, serving, policy) if both else None,
        has_serving_data=serving is not None,
        metrics=_metrics(inputs, EVALUATION_KEY),
        blessed_metrics=_metrics(inputs, LIVE_EVALUATION_KEY),
        asked_for=asked_for,
    )


def _live_model(inputs: Artifacts, now: int) -> LiveModel | None:
    model = _one(inputs, MODEL_KEY)
    if model is None:
        return None
    made = model.mlmd_artifact.create_time_since_epoch / 1000
    return LiveModel(
        id=model.id,
        uri=model.uri,
        age_seconds=now - made if made else 0.0,
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
