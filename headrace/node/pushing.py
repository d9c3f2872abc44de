"""Has TFX's Pusher write a model aside and rename it, one push at a time.

TFX copies a model file by file to where servers read it, with ``saved_model.pb`` last, and names
the version by the second: a server that lists the directory meanwhile finds half of a model, and of
two pushes within a second the later one is dropped and recorded as pushed all the same.

On an object store there is no renaming at once; there Pusher works as TFX has it.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from tfx.proto import pusher_pb2
from tfx.types import standard_component_specs as specs
from tfx.utils import proto_utils

from headrace.node.serving_directory import ServingDirectory

DESTINATION = "pushed_destination"
VERSION = "pushed_version"
"""Custom properties of a PushedModel: where it is served from, and its version there."""
_FILE = "file://"


def mend_pusher() -> None:
    """Do so for every Pusher in this process; a second call does nothing."""
    from tfx.components.pusher import executor

    stock = executor.Executor.Do
    if hasattr(stock, "__wrapped__"):
        return

    @functools.wraps(stock)
    def push(self: Any, inputs: Any, outputs: Any, properties: dict[str, Any]) -> None:
        directory = local_directory(properties.get(specs.PUSH_DESTINATION_KEY))
        if directory is None or not self.CheckBlessing(inputs):
            stock(self, inputs, outputs, properties)
            return
        with ServingDirectory(directory).pushing() as aside:
            stock(self, inputs, outputs, {**properties, **_into(aside)})
            [pushed] = outputs[specs.PUSHED_MODEL_KEY]
            whole = Path(pushed.get_string_custom_property(DESTINATION))
            place = ServingDirectory(directory).publish(whole)
            pushed.set_string_custom_property(DESTINATION, str(place))
            pushed.set_string_custom_property(VERSION, place.name)

    executor.Executor.Do = push


def local_directory(destination: str | None) -> Path | None:
    """Where models are pushed to, if that is a directory of this host's file systems."""
    if not destination:
        return None
    parsed = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(destination, parsed)
    base = str(parsed.filesystem.base_directory).removeprefix(_FILE)
    return Path(base) if base and "://" not in base else None


def _into(aside: Path) -> dict[str, str]:
    destination = pusher_pb2.PushDestination()
    destination.filesystem.base_directory = str(aside)
    return {specs.PUSH_DESTINATION_KEY: proto_utils.proto_to_json(destination)}
