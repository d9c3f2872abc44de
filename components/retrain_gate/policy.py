"""What is reason enough to train anew, as its author writes it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from headrace.errors import UsageError


@dataclass(frozen=True)
class MetricLimit:
    """When a metric of the live model is too bad.

    Attributes:
        name: as the evaluation has it.
        max_decay: how much worse it may be on the new data than it was when the model was blessed.
        worst: the worst value allowed, whatever it was then.
        higher_is_better: of a loss, False.
    """

    name: str
    max_decay: float | None = None
    worst: float | None = None
    higher_is_better: bool = True


@dataclass(frozen=True)
class Policy:
    """Reasons to train anew; each one alone is enough, and None leaves it out.

    Attributes:
        max_drift: greatest Jensen-Shannon divergence, 0 to 1, of a feature's distribution from that
            in the run of the live model.
        max_skew: the same between that run's data and what is served.
        features: other limits for single features; None does not look at that feature.
        max_age_days: of the live model, by the clock.
        max_age_spans: of the live model, by the data: the run's span less the newest of those that
            the model has learnt from.
        metrics: of the live model, evaluated on the new data.
        max_row_growth: greatest share of rows more than that run had; 0.5 is half as many again.
        min_rows: with fewer rows nothing is trained, whatever else there is.
        split: whose statistics are compared; empty: ``train`` where there is one, else the first.
    """

    max_drift: float | None = 0.1
    max_skew: float | None = 0.1
    features: Mapping[str, float | None] = field(default_factory=dict)
    max_age_days: float | None = None
    max_age_spans: int | None = None
    metrics: tuple[MetricLimit, ...] = ()
    max_row_growth: float | None = None
    min_rows: int = 0
    split: str = ""

    def __post_init__(self) -> None:
        for name in ("max_drift", "max_skew"):
            _check_share(name, getattr(self, name))
        for feature, limit in self.features.items():
            _check_share(f"features[{feature!r}]", limit)
        for name in ("max_age_days", "max_age_spans", "max_row_growth", "min_rows"):
            _check_number(name, getattr(self, name))
        for metric in self.metrics:
            if metric.max_decay is None and metric.worst is None:
                raise UsageError(
                    f"RetrainGate: metric {metric.name!r} has no limit",
                    "give it max_decay, worst or both",
                )
            _check_number(f"max_decay of {metric.name!r}", metric.max_decay)
        names = [metric.name for metric in self.metrics]
        if len(set(names)) < len(names):
            raise UsageError("RetrainGate: a metric is named twice", ", ".join(names))

    def limit_of(self, feature: str, default: float | None) -> float | None:
        """The limit of a feature's distance; None where it is not looked at."""
        return self.features.get(feature, default)

    def to_json(self) -> str:
        """The policy as an execution property."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Policy:
        """The policy that ``to_json`` has written."""
        fields: dict[str, Any] = json.loads(text)
        fields["metrics"] = tuple(MetricLimit(**item) for item in fields["metrics"])
        return cls(**fields)


def _check_share(name: str, value: Any) -> None:
    _check_number(name, value)
    if value is not None and value > 1:
        raise UsageError(f"RetrainGate: {name} must be from 0 to 1, not {value!r}")


def _check_number(name: str, value: Any) -> None:
    if value is None:
        return
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:
        raise UsageError(f"RetrainGate: {name} must be a number of 0 or more, not {value!r}")
