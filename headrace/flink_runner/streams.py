"""What a pipeline's own description says of it as a streaming job."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2

from headrace.flink_runner.plan import Plan

CHECKPOINT_INTERVAL = "execution.checkpointing.interval"
_NO_CHECKPOINTS = {
    CHECKPOINT_INTERVAL: "3650 d",
    # Otherwise one is taken when all data has come to its end.
    "execution.checkpointing.checkpoints-after-tasks-finish.enabled": "false",
}
_log = logging.getLogger("headrace.flink")


def is_unbounded(pipeline: Any) -> bool:
    """Whether it has data without an end, which makes it a streaming job for Beam, too."""
    unbounded = beam_runner_api_pb2.IsBounded.UNBOUNDED
    return any(item.is_bounded == unbounded for item in pipeline.components.pcollections.values())


def has_side_inputs(pipeline: Any) -> bool:
    """Whether a step of it has a side input."""
    return any(
        beam_runner_api_pb2.ParDoPayload.FromString(step.spec.payload).side_inputs
        for step in pipeline.components.transforms.values()
        if step.spec.urn == common_urns.primitives.PAR_DO.urn
    )


def without_checkpoints(plan: Plan) -> Mapping[str, str]:
    """The plan's options of Flink without checkpoints, unless they say something of these.

    The first checkpoint of a job with side inputs would end it: what Beam's Flink runner keeps of
    them is not what it says to Flink that it is ("cannot be cast to class ...WindowedValue").
    """
    if CHECKPOINT_INTERVAL in plan.flink_options:
        return plan.flink_options
    _log.warning(
        "The job has no checkpoints, because Beam's Flink runner cannot take one of a streaming "
        "job with side inputs: a failure starts it again from its beginning, and it can have no "
        "savepoint"
    )
    return {**_NO_CHECKPOINTS, **plan.flink_options}
