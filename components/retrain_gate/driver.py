"""TFX driver of RetrainGate: each run has a decision of its own."""

from __future__ import annotations

import time
from typing import Any

from tfx.dsl.components.base import base_driver
from tfx.orchestration.portable import base_driver as portable
from tfx.proto.orchestration import driver_output_pb2

DECIDED_AT_KEY = "decided_at"


class Driver(base_driver.BaseDriver, portable.BaseDriver):  # type: ignore[misc]
    """Says when it is: a model grows older though its inputs stay, which the cache would hide."""

    def __init__(self, metadata_handle: Any) -> None:
        base_driver.BaseDriver.__init__(self, metadata_handle)
        portable.BaseDriver.__init__(self, metadata_handle)

    def run(self, execution_info: Any) -> driver_output_pb2.DriverOutput:
        """Add the time to the execution's properties."""
        output = driver_output_pb2.DriverOutput()
        output.exec_properties[DECIDED_AT_KEY].int_value = int(time.time())
        return output
