"""How far two data sets are apart, by TFDV's comparators of drift and skew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from .decision import Comparison, Distance
from .policy import Policy

_DIVERGENCE = anomalies_pb2.DriftSkewInfo.Measurement.JENSEN_SHANNON_DIVERGENCE

Statistics = Any
"""A ``DatasetFeatureStatisticsList``, of one split."""


def drift(new: Statistics, live: Statistics, policy: Policy) -> Comparison:
    """The new data beside that in the live model's run."""
    schema, missing = _schema(new, live, policy, policy.max_drift, "drift_comparator")
    found = tfdv.validate_statistics(new, schema, previous_statistics=live)
    return Comparison(tuple(_distances(found, "drift_measurements")), missing)


def skew(live: Statistics, serving: Statistics, policy: Policy) -> Comparison:
    """The data in the live model's run beside what is served, which lacks a label in order."""
    schema, _ = _schema(live, serving, policy, policy.max_skew, "skew_comparator")
    found = tfdv.validate_statistics(live, schema, serving_statistics=serving)
    return Comparison(tuple(_distances(found, "skew_measurements")))


def rows(statistics: Statistics) -> int:
    """How many examples the statistics are of."""
    return int(statistics.datasets[0].num_examples) if statistics.datasets else 0


def _schema(
    one: Statistics, other: Statistics, policy: Policy, default: float | None, comparator: str
) -> tuple[schema_pb2.Schema, tuple[str, ...]]:
    """A schema with a comparator at each feature of both, and the features of only one of them."""
    schema = schema_pb2.Schema()
    names, others = _features(one), _features(other)
    for name in sorted(names.keys() & others.keys()):
        limit = policy.limit_of(name, default)
        if limit is not None:
            feature = schema.feature.add(name=name, type=_type(names[name]))
            getattr(feature, comparator).jensen_shannon_divergence.threshold = limit
    lone = sorted(names.keys() ^ others.keys())
    return schema, tuple(name for name in lone if policy.limit_of(name, default) is not None)


def _features(statistics: Statistics) -> dict[str, Any]:
    """The features that have values, by name; those within structures are left out."""
    found = statistics.datasets[0].features if statistics.datasets else ()
    return {
        feature.path.step[0]: feature
        for feature in found
        if len(feature.path.step) == 1 and _common(feature).num_non_missing
    }


def _common(feature: Any) -> Any:
    kind = feature.WhichOneof("stats")
    return getattr(feature, kind).common_stats


def _type(feature: Any) -> int:
    kinds = statistics_pb2.FeatureNameStatistics
    types = {kinds.INT: schema_pb2.INT, kinds.FLOAT: schema_pb2.FLOAT}
    return int(types.get(feature.type, schema_pb2.BYTES))


def _distances(found: anomalies_pb2.Anomalies, measured: str) -> Iterator[Distance]:
    for info in found.drift_skew_info:
        for one in getattr(info, measured):
            if one.type == _DIVERGENCE:
                yield Distance(".".join(info.path.step), one.value, one.threshold)
