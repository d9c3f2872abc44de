"""Metrics of an Evaluator's output."""

from __future__ import annotations

from typing import Any

import tensorflow_model_analysis as tfma
from tfx.dsl.io import fileio

_VALUE = "doubleValue"
_SEPARATOR = "/"


def overall_metrics(uri: str) -> dict[str, float] | None:
    """The figures over all examples by name; None where nothing was evaluated.

    Of a model with several outputs the name is ``output/metric``.
    """
    if not fileio.exists(uri) or not fileio.listdir(uri):
        return None
    found: dict[str, float] = {}
    for key, outputs in tfma.load_eval_result(uri).slicing_metrics:
        if not key:
            for output, by_sub_key in outputs.items():
                _add(found, output, by_sub_key)
    return found


def _add(found: dict[str, float], output: str, by_sub_key: dict[str, Any]) -> None:
    for name, value in by_sub_key.get("", {}).items():
        if _VALUE in value:
            full = f"{output}{_SEPARATOR}{name}" if output else name
            found[full] = float(value[_VALUE])
