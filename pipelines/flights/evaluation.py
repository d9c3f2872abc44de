"""What Evaluator measures, and what is good enough."""

from __future__ import annotations

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto.config_pb2 import PerSliceMetricThreshold

from pipelines.flights import features
from pipelines.flights.model import OUTPUT, YARDSTICKS

AUC_AT_LEAST = 0.66
"""Above what the mean lateness by carrier and hour reaches (README.md has the figures)."""
CALIBRATION = (0.9, 1.1)
"""Mean prediction over share of late flights."""
AUC_MAY_FALL = 0.005
LOG_LOSS_MAY_RISE = 0.005
"""From the latest blessed model's."""


def eval_config(
    auc_at_least: float = AUC_AT_LEAST,
    calibration: tuple[float, float] = CALIBRATION,
    yardsticks: bool = True,
) -> tfma.EvalConfig:
    """Return metrics, slices and thresholds.

    The model and the two trivial predictions are outputs of one signature, so that all are judged
    on the same flights; only the model has thresholds. Each metric costs a call in Python for each
    flight, slice and output.

    Args:
        auc_at_least: the threshold of AUC.
        yardsticks: the model has the trivial predictions, which a network is exported with.
    """
    thresholded = [
        _metric("AUC", _auc_thresholds(auc_at_least), name="auc"),
        _metric("BinaryCrossEntropy", _not_above_blessed(LOG_LOSS_MAY_RISE), name="log_loss"),
        _metric("Calibration", _between(*calibration)),
    ]
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name="evaluate",
                label_key=features.LABEL,  # as it is in the raw examples
            )
        ],
        metrics_specs=_of_model_and_yardsticks(thresholded)
        if yardsticks
        else [tfma.MetricsSpec(metrics=[*thresholded, _metric("ExampleCount")])],
        slicing_specs=[
            tfma.SlicingSpec(),
            tfma.SlicingSpec(feature_keys=["carrier"]),
            tfma.SlicingSpec(feature_keys=["origin"]),
        ],
    )


def _of_model_and_yardsticks(thresholded: list[tfma.MetricConfig]) -> list[tfma.MetricsSpec]:
    return [
        tfma.MetricsSpec(output_names=[OUTPUT], metrics=thresholded),
        tfma.MetricsSpec(
            output_names=list(YARDSTICKS),
            metrics=[
                _metric("AUC", name="auc"),
                _metric("BinaryCrossEntropy", name="log_loss"),
                _metric("Calibration"),
            ],
        ),
        tfma.MetricsSpec(metrics=[_metric("ExampleCount")], output_names=[OUTPUT]),
    ]


def _metric(
    class_name: str, threshold: tfma.MetricThreshold | None = None, name: str | None = None
) -> tfma.MetricConfig:
    """A metric, and what it must be over all flights: a carrier with 30 would fail by chance."""
    config = f'{{"name": "{name}"}}' if name else ""
    metric = tfma.MetricConfig(class_name=class_name, config=config)
    if threshold:
        overall = PerSliceMetricThreshold(slicing_specs=[tfma.SlicingSpec()], threshold=threshold)
        metric.per_slice_thresholds.append(overall)
    return metric


def _auc_thresholds(at_least: float) -> tfma.MetricThreshold:
    return tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(lower_bound={"value": at_least}),
        change_threshold=tfma.GenericChangeThreshold(
            direction=tfma.MetricDirection.HIGHER_IS_BETTER, absolute={"value": -AUC_MAY_FALL}
        ),
    )


def _not_above_blessed(may_rise: float) -> tfma.MetricThreshold:
    return tfma.MetricThreshold(
        change_threshold=tfma.GenericChangeThreshold(
            direction=tfma.MetricDirection.LOWER_IS_BETTER, absolute={"value": may_rise}
        )
    )


def _between(low: float, high: float) -> tfma.MetricThreshold:
    return tfma.MetricThreshold(
        value_threshold=tfma.GenericValueThreshold(
            lower_bound={"value": low}, upper_bound={"value": high}
        )
    )
