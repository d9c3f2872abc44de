"""Has TFX's Pusher write a model aside and rename it, one push at a time.

TFX copies a model file by file to where servers read it, with ``saved_model.pb`` last, and names
the version by the second: a server that lists the directory meanwhile finds half of a model, and of
two pushes within a second the later one is dropped and recorded as pushed all the same.

On an object store there is no renaming at once; there Pusher works as TFX has it.

A model of an older span than the live one's is not pushed: a backfill would replace the newest.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfx.proto import pusher_pb2
from tfx.types import standard_component_specs as specs
from tfx.utils import proto_utils

from headrace.components.spans.lineage import newest_span
from headrace.components.spans.numbers import told
from headrace.components.spans.pushed import last_pushed
from headrace.node.serving_directory import ServingDirectory

DESTINATION = "pushed_destination"
VERSION = "pushed_version"
"""Custom properties of a PushedModel: where it is served from, and its version there."""
NOT_PUSHED = "not_pushed_because"
"""Custom property of the PushedModel of a model that was blessed and yet not pushed."""
PUSH_OLDER = "push_older_spans"
"""In Pusher's ``custom_config``."""
_FILE = "file://"
_log = logging.getLogger(__name__)


def mend_pusher(why_not: Callable[[int], str] = lambda model: "") -> None:
    """Do so for every Pusher in this process; a second call does nothing.

    Args:
        why_not: of a model's id, why it is not to be pushed; empty: it may be.
    """
    from tfx.components.pusher import executor

    stock = executor.Executor.Do
    if hasattr(stock, "__wrapped__"):
        return

    @functools.wraps(stock)
    def push(self: Any, inputs: Any, outputs: Any, properties: dict[str, Any]) -> None:
        directory = local_directory(properties.get(specs.PUSH_DESTINATION_KEY))
        if not self.CheckBlessing(inputs):
            stock(self, inputs, outputs, properties)
            return
        [pushed] = outputs[specs.PUSHED_MODEL_KEY]
        reason = "" if _pushes_older_spans(properties) else _reason(inputs, why_not)
        if reason:
            _log.warning("Not pushed: %s", reason)
            pushed.set_string_custom_property(NOT_PUSHED, reason)
            self._MarkNotPushed(pushed)
            return
        if directory is None:
            stock(self, inputs, outputs, properties)
            return
        with ServingDirectory(directory).pushing() as aside:
            stock(self, inputs, outputs, {**properties, **_into(aside)})
            whole = Path(pushed.get_string_custom_property(DESTINATION))
            place = ServingDirectory(directory).publish(whole)
            pushed.set_string_custom_property(DESTINATION, str(place))
            pushed.set_string_custom_property(VERSION, place.name)

    executor.Executor.Do = push


def why_older(store: Any, pipeline: str, model: int) -> str:
    """Why a model is older than the one that the pipeline has pushed last; empty: it is not.

    What has no span is never older.
    """
    span, live = newest_span(store, model), last_pushed(store, pipeline)
    live_span = None if live is None else newest_span(store, live)
    if span is None or live_span is None or span >= live_span:
        return ""
    return (
        f"model {model} was trained on spans up to {told(span)}, and model {live}, which is live, "
        f"up to {told(live_span)}; Pusher(custom_config={{{PUSH_OLDER!r}: True}}) pushes it all "
        "the same"
    )


def _reason(inputs: Any, why_not: Callable[[int], str]) -> str:
    models = inputs.get(specs.MODEL_KEY) or ()
    return why_not(models[0].id) if models else ""


def _pushes_older_spans(properties: dict[str, Any]) -> bool:
    given = properties.get(specs.CUSTOM_CONFIG_KEY)
    config = json.loads(given) if isinstance(given, str) and given else given
    return bool(isinstance(config, dict) and config.get(PUSH_OLDER))


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
