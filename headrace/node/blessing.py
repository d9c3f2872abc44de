"""Says why Evaluator has not blessed a model, which TFX leaves in a file for tools to read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

EVALUATOR = "tfx.components.evaluator.executor.Executor"
_EVALUATION = "evaluation"
_MOST = 10
_log = logging.getLogger(__name__)


def say_why_not_blessed(class_path: str, outputs: dict[str, Any]) -> None:
    """Log each threshold that the model has not met, after an execution of Evaluator."""
    if class_path != EVALUATOR or not outputs.get("blessing"):
        return
    import tensorflow_model_analysis as tfma

    [evaluation] = outputs[_EVALUATION]
    try:
        result = tfma.load_validation_result(evaluation.uri)
    except Exception as error:  # nothing was validated, or it was kept otherwise
        _log.debug("The result of the validation could not be read: %s", error)
        return
    if result is None or result.validation_ok:
        return
    reasons = list(reasons_of(result))
    for reason in reasons[:_MOST]:
        _log.warning("Not blessed: %s", reason)
    if len(reasons) > _MOST:
        _log.warning("Not blessed: and %d more", len(reasons) - _MOST)


def reasons_of(result: Any) -> Iterator[str]:
    """A line for each failure of a ``ValidationResult`` of TensorFlow Model Analysis."""
    for of_slice in result.metric_validations_per_slice:
        place = _slice_name(of_slice.slice_key)
        for failure in of_slice.failures:
            value = _value(failure.metric_value)
            wanted = _threshold(failure.metric_threshold)
            named = failure.metric_key.name
            yield f"{named} is {value}{place}; {wanted or failure.message or 'it was not met'}"
    for missing in result.missing_slices:
        yield f"no example is in the slice {missing}".replace("\n", " ")
    for missing in result.missing_cross_slices:
        yield f"no example is in the cross slice {missing}".replace("\n", " ")


def _slice_name(key: Any) -> str:
    parts = []
    for single in key.single_slice_keys:
        kind = single.WhichOneof("kind")
        value = getattr(single, kind) if kind else ""
        shown = value.decode(errors="replace") if isinstance(value, bytes) else value
        parts.append(f"{single.column} = {shown}")
    return f" where {', '.join(parts)}" if parts else ""


def _value(value: Any) -> str:
    kind = value.WhichOneof("type")
    if kind == "double_value":
        return f"{value.double_value.value:.6g}"
    return str(getattr(value, kind)).strip().replace("\n", " ") if kind else "unknown"


def _threshold(threshold: Any) -> str:
    wanted = []
    absolute, change = threshold.value_threshold, threshold.change_threshold
    for name, text in (("lower_bound", "at least"), ("upper_bound", "at most")):
        if absolute.HasField(name):
            wanted.append(f"{text} {getattr(absolute, name).value:.6g}")
    for name, text in (("absolute", "by"), ("relative", "by a share of")):
        if change.HasField(name):
            wanted.append(f"a change from the baseline {text} {getattr(change, name).value:.6g}")
    return f"the threshold is {' and '.join(wanted)}" if wanted else ""
