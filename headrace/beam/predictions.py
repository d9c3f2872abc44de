"""TFMA prepares label, prediction and weight for each metric, slice and example; here it is quick.

An evaluation of flights spent three quarters of its time in that one function, which looks names up
in the configuration, makes a class to say "not found", and walks through cases that few examples
are. The plain case, arrays that need no conversion, is answered here with what TFMA yields. All
else, and whatever is wrong, stays with TFMA.
"""

from __future__ import annotations

import inspect
import math
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

_KNOWN = ("0.52.0",)
"""Versions of TFMA whose function is the one that this module has been compared with."""
_NAME = "to_label_prediction_example_weight"
_HOOK = "_prepare_quickly"

Prepared = tuple[Any, Any, Any]


def prepare_predictions_quickly() -> None:
    """Make TFMA, in this process, ask ``Preparing``; another version of it is left as it is.

    So is one that is not imported yet, which takes seconds: nodes and harnesses begin with it.
    The function stays the same object with other code in it: metrics hold it as a default value,
    and what is pickled with it is found by its name.
    """
    if "tensorflow_model_analysis" not in sys.modules:
        return
    from tensorflow_model_analysis import version
    from tensorflow_model_analysis.metrics import metric_types, metric_util

    if version.VERSION not in _KNOWN or hasattr(metric_util, _HOOK):
        return
    function = getattr(metric_util, _NAME)
    code, names, defaults = function.__code__, function.__globals__, function.__defaults__
    stock = types.FunctionType(code, names, _NAME, defaults)
    setattr(metric_util, _HOOK, Preparing(stock, metric_types.StandardMetricInputs))
    arguments = ", ".join(inspect.signature(function).parameters)
    made: dict[str, Any] = {}
    exec(f"def {_NAME}({arguments}):\n    return {_HOOK}({arguments})", made)
    function.__code__ = made[_NAME].__code__


class Preparing:
    """What ``metric_util.to_label_prediction_example_weight`` computes, with all its arguments."""

    def __init__(self, stock: Callable[..., Iterator[Prepared]], standard_inputs: Any) -> None:
        self._stock = stock
        self._standard_inputs = standard_inputs
        self._label_keys = _LabelKeys()

    def __call__(
        self,
        inputs: Any,
        eval_config: Any,
        model_name: str,
        output_name: str,
        sub_key: Any,
        aggregation_type: Any,
        class_weights: Any,
        example_weighted: bool,
        fractional_labels: bool,
        flatten: bool,
        squeeze: bool,
        allow_none: bool,
        require_single_example_weight: bool,
    ) -> Iterator[Prepared]:
        if sub_key is None and not class_weights and not require_single_example_weight:
            extracts = inputs.extracts if type(inputs) is self._standard_inputs else None
            if type(extracts) is dict:
                names = (model_name, output_name)
                prediction = _predicted(extracts.get("predictions"), names)
                label = extracts.get("labels")
                if type(label) is dict:
                    label = _found(label, (self._label_keys.of(eval_config, model_name), *names))
                weight = _weight(extracts, names) if example_weighted else _UNIT
                if type(label) is type(prediction) is type(weight) is np.ndarray:
                    pair = _flat if flatten else _whole
                    prepared = pair(label, prediction, weight, squeeze, fractional_labels)
                    if prepared is not None:
                        return iter((prepared,))
        return self._stock(
            inputs,
            eval_config,
            model_name,
            output_name,
            sub_key,
            aggregation_type,
            class_weights,
            example_weighted,
            fractional_labels,
            flatten,
            squeeze,
            allow_none,
            require_single_example_weight,
        )


_UNIT = np.array(1.0, np.float32)
"""The weight of an example without one."""
_MISSING = object()
_CONFIGURATIONS = 64


def _predicted(prediction: Any, names: tuple[str, str]) -> Any:
    for name in names:
        if name:
            if type(prediction) is not dict:
                return None
            prediction = prediction.get(name)
    return prediction


def _found(value: Any, names: tuple[str, ...]) -> Any:
    """``value`` below those of the names that it has; None if it is not for us to say."""
    for name in names:
        if not name or type(value) is not dict:
            continue
        below = value.get(name, _MISSING)
        if below is _MISSING:
            for key in value:
                if type(key) is not str or key.startswith(name + "/"):
                    return None
        elif type(below) is np.ndarray:
            return below
        elif not isinstance(below, Mapping) or below:
            value = below
    return value


def _weight(extracts: dict[str, Any], names: tuple[str, str]) -> Any:
    weight = extracts.get("example_weights")
    if weight is None:
        return None if "example_weight" in extracts else _UNIT  # an older name
    return _found(weight, names)


class _LabelKeys:
    """The ``label_key`` of a model, found once for each configuration, which no metric changes."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], tuple[Any, str]] = {}

    def of(self, eval_config: Any, model_name: str) -> str:
        place = (id(eval_config), model_name)
        kept = self._found.get(place)
        if kept is None or kept[0] is not eval_config:
            if len(self._found) >= _CONFIGURATIONS:
                self._found.clear()
            kept = self._found[place] = (eval_config, self._look(eval_config, model_name))
        return kept[1]

    def _look(self, eval_config: Any, model_name: str) -> str:
        specs = eval_config.model_specs if eval_config else ()
        for spec in specs:
            if model_name == (spec.name if len(specs) > 1 else ""):
                return str(spec.label_key)
        return ""


def _whole(
    label: np.ndarray, prediction: np.ndarray, weight: np.ndarray, squeeze: bool, fractional: bool
) -> Prepared | None:
    """The three as they are."""
    if fractional:
        return None
    weight = weight.copy() if weight is _UNIT else weight
    arrays = (label, prediction, weight)
    if squeeze:
        return tuple(map(_squeezed, arrays))  # type: ignore[return-value]
    return tuple(each if each.shape else each.reshape(1) for each in arrays)  # type: ignore[return-value]


def _flat(
    label: np.ndarray, prediction: np.ndarray, weight: np.ndarray, squeeze: bool, fractional: bool
) -> Prepared | None:
    """One number each: with a class or a weight more, TFMA makes several results of them."""
    if not label.size == prediction.size == weight.size == 1:
        return None
    weight = np.array([weight.item()])
    if squeeze:
        label, prediction = _squeezed(label), _squeezed(prediction)
    elif not (label.shape and prediction.shape):
        return None
    if fractional:
        # Of the two results, for "not so" and "so", the one with weight 0 is left out.
        number, share = label.item(), weight.item()
        kind, size = label.dtype.kind, label.dtype.itemsize
        if label.shape != (1,) or kind not in "if" or size > 8 or weight.dtype != np.float64:
            return None
        if number not in (0, 1) or not math.isfinite(share) or share == 0:
            return None
        label = np.array([1 if number else 0], label.dtype)  # never -0
    return label, prediction, weight


def _squeezed(array: np.ndarray) -> np.ndarray:
    shape = array.shape
    if shape == (1,):
        return array
    if not shape:
        return array.reshape(1)
    array = array.squeeze()
    return array if array.shape else np.expand_dims(array, 0)
