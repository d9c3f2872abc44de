"""Figures of what Evaluator has found. TFX environment only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_VALUE = "doubleValue"


def overall_metrics(uri: str) -> dict[str, float] | None:
    """An evaluation's figures over all examples, by name; None where nothing was evaluated.

    Of a named output of the model the name is ``output/metric``.

    Raises:
        Exception: of TFMA or of the file system, if it cannot be read.
    """
    import tensorflow_model_analysis as tfma
    from tfx.dsl.io import fileio

    if not fileio.exists(uri) or not fileio.listdir(uri):
        return None
    found: dict[str, float] = {}
    for slice_key, outputs in tfma.load_eval_result(uri).slicing_metrics:
        if not slice_key:
            found.update(by_name(outputs))
    return found


def by_name(outputs: Mapping[str, Any]) -> dict[str, float]:
    """A slice's figures, those of a named output as ``output/metric``.

    Args:
        outputs: of the slice, as TFMA's result has it.
    """
    return {
        f"{output}/{name}" if output else name: value
        for output, by_sub_key in outputs.items()
        for name, value in figures(by_sub_key).items()
    }


def figures(by_sub_key: Mapping[str, Any]) -> dict[str, float]:
    """The figures of one output of the model: what is a number, and not of a class or a rank."""
    return {
        name: float(value[_VALUE])
        for name, value in by_sub_key.get("", {}).items()
        if name and _VALUE in value
    }
