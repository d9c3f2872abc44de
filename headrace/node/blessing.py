"""Says how Evaluator has judged a model, which TFX leaves in files for tools to read."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tfx.dsl.io import fileio

from headrace.evaluation import by_name
from headrace.launcher.jobs import ArtifactResult

_EVALUATION, _BLESSING = "ModelEvaluation", "ModelBlessing"
_BLESSED, _NOT_BLESSED = "BLESSED", "NOT_BLESSED"
_VALUE, _DIFFERENCE = "doubleValue", "_diff"
_OVERALL = "overall"
_MOST_LOGGED = 20
_MOST_KEPT = 50
_MOST_SLICES = 20
_log = logging.getLogger(__name__)

Metrics = dict[str, float | None]


@dataclass(frozen=True)
class Finding:
    """A threshold of a metric in a slice, and what the model has there."""

    text: str
    met: bool


def evaluation_of(outputs: Sequence[ArtifactResult]) -> dict[str, Any]:
    """What a node that evaluates a model has found, logged too; empty for any other node.

    Returns:
        ``blessed``, None where nobody judged; ``findings``, a line for each threshold and slice,
        those that were missed first; ``metrics`` by slice, None for what is no number there.
    """
    uri = next((item.uri for item in outputs if item.type == _EVALUATION), "")
    if not uri:
        return {}
    import tensorflow_model_analysis as tfma

    try:
        result = tfma.load_eval_result(uri)
        validation = _validation(uri)
        found = list(findings(result, validation))
    except Exception as error:  # nothing was evaluated, or it was kept otherwise
        _log.debug("The evaluation could not be read: %s", error)
        return {}
    if not result.slicing_metrics:
        return {}
    blessed = _is_blessed(outputs)
    found.sort(key=lambda item: item.met)
    _tell(found, blessed)
    return {
        "blessed": blessed,
        "findings": [_line(item) for item in found[:_MOST_KEPT]],
        "metrics": _metrics(result),
    }


def findings(result: Any, validation: Any) -> Iterator[Finding]:
    """Each threshold that applies, slice by slice; and slices that should be there and are not."""
    missed = dict.fromkeys(_missed(validation))
    told: set[tuple[str, str, bool]] = set()
    for key, outputs in _slices(result):
        for threshold in _thresholds(result.config):
            values = outputs.get(threshold.output, {}).get("", {})
            if threshold.applies_to(key) and threshold.metric in values:
                asked = (_place(key), threshold.metric, threshold.is_change)
                told.add(asked)
                yield Finding(threshold.told(_place(key), values), asked not in missed)
    for place, metric, _ in (asked for asked in missed if asked not in told):
        yield Finding(f"{metric} has missed its threshold where {place}", met=False)
    for missing in [] if validation is None else validation.missing_slices:
        yield Finding(f"no example is in the slice {missing}".replace("\n", " "), met=False)
    for missing in [] if validation is None else validation.missing_cross_slices:
        yield Finding(f"no example is in the cross slice {missing}".replace("\n", " "), met=False)


@dataclass(frozen=True)
class _Threshold:
    metric: str
    output: str
    is_change: bool
    slices: Any
    proto: Any

    def applies_to(self, key: Any) -> bool:
        """Whether it is asked of a slice; without slices of its own it is asked of each."""
        import tensorflow_model_analysis as tfma
        from tensorflow_model_analysis.slicer import slicer_lib

        if self.slices is None:
            return True
        if not isinstance(self.slices, tfma.SlicingSpec):
            return False  # of a difference between two slices
        return bool(slicer_lib.SingleSliceSpec(spec=self.slices).is_slice_applicable(key))

    def told(self, place: str, values: dict[str, Any]) -> str:
        value = _number(values[self.metric])
        where = "" if place == _OVERALL else f" where {place}"
        if not self.is_change:
            return f"{self.metric} is {value:.6g}{where}; the threshold is {_bounds(self.proto)}"
        change = _number(values.get(f"{self.metric}{_DIFFERENCE}"))
        return (
            f"{self.metric} is {value:.6g}{where}, a change by {change:+.6g} from the baseline's "
            f"{value - change:.6g}; the threshold is {_changes(self.proto)}"
        )


def _thresholds(config: Any) -> list[_Threshold]:
    import tensorflow_model_analysis as tfma

    by_key = tfma.metrics.metric_thresholds_from_metrics_specs(
        config.metrics_specs, eval_config=config
    )
    found: list[_Threshold] = []
    for key, pairs in by_key.items():
        for slices, proto in pairs:
            one = _Threshold(
                metric=key.name,
                output=key.output_name or "",
                is_change=isinstance(proto, tfma.GenericChangeThreshold),
                slices=slices,
                proto=proto,
            )
            if one not in found:  # the baseline has the same
                found.append(one)
    return found


def _missed(validation: Any) -> Iterator[tuple[str, str, bool]]:
    for of_slice in [] if validation is None else validation.metric_validations_per_slice:
        place = _place(tuple(_singles(of_slice.slice_key)))
        if of_slice.HasField("cross_slice_key"):
            pair = of_slice.cross_slice_key
            sides = (pair.baseline_slice_key, pair.comparison_slice_key)
            place = " against ".join(_place(tuple(_singles(side))) for side in sides)
        for failure in of_slice.failures:
            yield place, failure.metric_key.name, failure.metric_key.is_diff


def _singles(key: Any) -> Iterator[tuple[str, Any]]:
    for single in key.single_slice_keys:
        kind = single.WhichOneof("kind")
        yield single.column, getattr(single, kind) if kind else ""


def _place(key: Any) -> str:
    return " and ".join(f"{column} = {_text(value)}" for column, value in key) or _OVERALL


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _bounds(threshold: Any) -> str:
    named = (("lower_bound", "at least"), ("upper_bound", "at most"))
    told = [
        f"{text} {getattr(threshold, name).value:.6g}"
        for name, text in named
        if threshold.HasField(name)
    ]
    return " and ".join(told) or "none"


def _changes(threshold: Any) -> str:
    import tensorflow_model_analysis as tfma

    side = "at most" if threshold.direction == tfma.MetricDirection.LOWER_IS_BETTER else "at least"
    told = [
        f"{text} {side} {getattr(threshold, name).value:+.6g}"
        for name, text in (("absolute", "a change by"), ("relative", "a change by a share of"))
        if threshold.HasField(name)
    ]
    return " and ".join(told) or "none"


def _metrics(result: Any) -> dict[str, Metrics]:
    """The figures of the first slices, all data before them; those of several outputs by name.

    JSON has no NaN, which an AUC is in a slice of one class, and Airflow would take none.
    """
    return {
        _place(key): {
            name: value if math.isfinite(value) else None
            for name, value in by_name(outputs).items()
        }
        for key, outputs in _slices(result)[:_MOST_SLICES]
    }


def _slices(result: Any) -> list[Any]:
    """Each slice's key and metrics: all data first, then slices of one column, and so on.

    Differences between two slices are left out; their keys are pairs of keys.
    """
    from tensorflow_model_analysis.slicer import slicer_lib

    found = [item for item in result.slicing_metrics if not slicer_lib.is_cross_slice_key(item[0])]
    return sorted(found, key=lambda item: (len(item[0]), repr(item[0])))


def _number(value: Any) -> float:
    return float(value[_VALUE]) if value and _VALUE in value else float("nan")


def _validation(uri: str) -> Any:
    import tensorflow_model_analysis as tfma

    try:
        return tfma.load_validation_result(uri)
    except Exception as error:  # nothing was validated
        _log.debug("The result of the validation could not be read: %s", error)
        return None


def _is_blessed(outputs: Sequence[ArtifactResult]) -> bool | None:
    for item in outputs:
        if item.type == _BLESSING:
            for name, blessed in ((_BLESSED, True), (_NOT_BLESSED, False)):
                if fileio.exists(f"{item.uri}/{name}"):
                    return blessed
    return None


def _line(finding: Finding) -> str:
    return finding.text if finding.met else f"missed: {finding.text}"


def _tell(found: Sequence[Finding], blessed: bool | None) -> None:
    for item in found[:_MOST_LOGGED]:
        if item.met:
            _log.info("Met: %s", item.text)
        else:
            _log.warning("%s: %s", "Missed" if blessed else "Not blessed", item.text)
    if len(found) > _MOST_LOGGED:
        missed = sum(not item.met for item in found[_MOST_LOGGED:])
        _log.info("And %d more, of which %d missed", len(found) - _MOST_LOGGED, missed)
