"""TFX driver of RetrainGate: adds what a decision goes by beside its inputs."""

from __future__ import annotations

import time
from typing import Any

from tfx.dsl.components.base import base_driver
from tfx.dsl.io import fileio
from tfx.orchestration.portable import base_driver as portable
from tfx.proto.orchestration import driver_output_pb2

from headrace.components.spans.lineage import newest_span

from . import keys
from .policy import Policy


class Driver(base_driver.BaseDriver, portable.BaseDriver):  # type: ignore[misc]
    """Notes what may have changed though the inputs are the same, and only that.

    What it notes is part of the cache's key: a decision that goes by the clock is never served from
    the cache, and one that goes by the data alone is.
    """

    def __init__(self, metadata_handle: Any) -> None:
        base_driver.BaseDriver.__init__(self, metadata_handle)
        portable.BaseDriver.__init__(self, metadata_handle)

    def run(self, execution_info: Any) -> driver_output_pb2.DriverOutput:
        """Add to the execution's properties."""
        output = driver_output_pb2.DriverOutput()
        policy = Policy.from_json(execution_info.exec_properties[keys.POLICY])
        if policy.max_age_days is not None:
            output.exec_properties[keys.DECIDED_AT].int_value = int(time.time())
        for model in execution_info.input_dict.get(keys.MODEL, ())[:1]:
            if not fileio.exists(model.uri):
                output.exec_properties[keys.MODEL_IS_GONE].int_value = 1
            if policy.max_age_spans is not None:
                [statistics] = execution_info.input_dict[keys.STATISTICS]
                spans = self._spans_between(model.id, statistics.id)
                if spans is not None:
                    output.exec_properties[keys.AGE_SPANS].int_value = spans
        return output

    def _spans_between(self, model: int, statistics: int) -> int | None:
        """From the newest span of a model's data to that of the run's; None without spans."""
        with self._metadata_handle as handle:
            then, now = (newest_span(handle.store, one) for one in (model, statistics))
        return None if then is None or now is None else now - then
