"""Whether to train anew: a decision from figures, with its reasons. Nothing is read here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from .policy import MetricLimit, Policy

_DAY = 86_400.0
_NAMED = 3


class Outcome(str, Enum):
    """What one check says."""

    RETRAIN = "retrain"
    """A reason to train anew."""
    FINE = "fine"
    UNKNOWN = "unknown"
    """It was asked for, and cannot be told."""
    FORBID = "forbid"
    """A reason to train nothing, which the others do not outweigh."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: ``drift``, ``age``, ...
        text: what was found, for a person.
        figures: the same as numbers.
    """

    name: str
    outcome: Outcome
    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Distance:
    """How far a feature's distributions in two data sets are apart."""

    feature: str
    value: float
    limit: float


@dataclass(frozen=True)
class Comparison:
    """Two data sets, feature by feature; ``missing`` are the features that only one of them has."""

    distances: tuple[Distance, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class LiveModel:
    """The model that is in use.

    Attributes:
        age_seconds: negative after a clock has gone back.
        age_spans: None where the data have no spans.
    """

    id: int
    uri: str
    age_seconds: float
    age_spans: int | None = None
    is_there: bool = True


@dataclass(frozen=True)
class Facts:
    """What is known when a decision is made; None and empty for what is not.

    Attributes:
        rows: of the new data.
        live: the live model, if there is one.
        live_rows: of the data in its run.
        drift: that data beside the new.
        skew: that data beside what is served; None also where nobody asked.
        has_serving_data: whether statistics of what is served were given.
        metrics: of the live model on the new data.
        blessed_metrics: of the live model when it was blessed.
        asked_for: somebody wants it.
    """

    rows: int
    live: LiveModel | None = None
    live_rows: int | None = None
    drift: Comparison | None = None
    skew: Comparison | None = None
    has_serving_data: bool = False
    metrics: Mapping[str, float] | None = None
    blessed_metrics: Mapping[str, float] | None = None
    asked_for: bool = False


@dataclass(frozen=True)
class Decision:
    """Whether to train anew, and all that was looked at."""

    retrain: bool
    checks: tuple[Check, ...]

    @property
    def reason(self) -> str:
        """Why, in one line."""
        for outcome in (Outcome.FORBID, Outcome.RETRAIN):
            texts = [check.text for check in self.checks if check.outcome is outcome]
            if texts and self.retrain is (outcome is Outcome.RETRAIN):
                return "; ".join(texts)
        told = "; ".join(check.text for check in self.checks) or "nothing was asked for"
        return f"no reason to retrain: {told}"

    def to_dict(self) -> dict[str, Any]:
        """The decision as plain data."""
        return {
            "retrain": self.retrain,
            "reason": self.reason,
            "checks": [{**asdict(check), "outcome": check.outcome.value} for check in self.checks],
        }


def decide(facts: Facts, policy: Policy) -> Decision:
    """Weigh the facts by the policy."""
    checks = tuple(_checks(facts, policy))
    outcomes = {check.outcome for check in checks}
    forbidden = Outcome.FORBID in outcomes and not facts.asked_for
    return Decision(Outcome.RETRAIN in outcomes and not forbidden, checks)


def _checks(facts: Facts, policy: Policy) -> Iterable[Check]:
    if facts.asked_for:
        yield Check("asked for", Outcome.RETRAIN, "it was asked for")
    if facts.rows < policy.min_rows:
        yield Check(
            "rows",
            Outcome.FORBID,
            f"there are {facts.rows:,} rows, and at least {policy.min_rows:,} are needed",
            {"rows": facts.rows, "min_rows": policy.min_rows},
        )
    if facts.live is None:
        yield Check("live model", Outcome.RETRAIN, "there is no live model yet")
        return
    if not facts.live.is_there:
        yield Check(
            "live model",
            Outcome.RETRAIN,
            f"the live model {facts.live.id} is gone from {facts.live.uri}",
        )
    if policy.max_drift is not None or policy.features:
        yield distance_check("drift", facts.drift, "the live model's run")
    if facts.has_serving_data and policy.max_skew is not None:
        yield distance_check("skew", facts.skew, "what is served")
    if policy.max_row_growth is not None:
        yield growth_check(facts.rows, facts.live_rows, policy.max_row_growth)
    if policy.max_age_days is not None:
        yield age_check(facts.live.age_seconds, policy.max_age_days)
    if policy.max_age_spans is not None:
        yield spans_check(facts.live.age_spans, policy.max_age_spans)
    for limit in policy.metrics:
        yield metric_check(limit, facts.metrics, facts.blessed_metrics)


def distance_check(name: str, found: Comparison | None, other: str) -> Check:
    """Drift or skew: the features that are further apart than they may be."""
    if found is None:
        return Check(name, Outcome.UNKNOWN, f"{name} is unknown: no statistics of {other}")
    figures = {
        "distances": {item.feature: item.value for item in found.distances},
        "limits": {item.feature: item.limit for item in found.distances},
        "missing": list(found.missing),
    }
    # A distance that is no number is one that could not be had, and no reason to do nothing.
    over = [item for item in found.distances if not item.value <= item.limit]
    if found.missing:
        text = f"only one of the data and {other} has {_some(found.missing)}"
        return Check(name, Outcome.RETRAIN, text, figures)
    if over:
        ordered = sorted(over, key=lambda item: (-item.value, item.feature))
        told = [f"{item.feature} {item.value:.3g} > {item.limit:.3g}" for item in ordered]
        return Check(name, Outcome.RETRAIN, f"{name} from {other}: {_some(told)}", figures)
    if not found.distances:
        return Check(name, Outcome.UNKNOWN, f"{name} is unknown: no feature to compare", figures)
    most = max(found.distances, key=lambda item: (item.value - item.limit, item.feature))
    text = f"{name} is at most {most.value:.3g} of {most.limit:.3g} ({most.feature})"
    return Check(name, Outcome.FINE, text, figures)


def growth_check(rows: int, before: int | None, limit: float) -> Check:
    """How many more rows there are than in the live model's run."""
    if not before:
        return Check(
            "growth", Outcome.UNKNOWN, "growth is unknown: no rows in the live model's run"
        )
    growth = rows / before - 1
    figures = {"rows": rows, "live_rows": before, "growth": growth, "limit": limit}
    text = f"{rows:,} rows where the live model's run had {before:,} ({growth:+.1%})"
    return Check("growth", Outcome.RETRAIN if growth > limit else Outcome.FINE, text, figures)


def age_check(seconds: float, limit_days: float) -> Check:
    """How old the live model is; a clock that has gone back makes it no older."""
    figures = {"days": seconds / _DAY, "limit": limit_days}
    if seconds < 0:
        text = f"the live model is from {-seconds / _DAY:.1f} days ahead: has a clock gone back?"
        return Check("age", Outcome.UNKNOWN, text, figures)
    text = f"the live model is {seconds / _DAY:.1f} days old, of {limit_days:g} allowed"
    return Check(
        "age", Outcome.RETRAIN if seconds > limit_days * _DAY else Outcome.FINE, text, figures
    )


def spans_check(spans: int | None, limit: int) -> Check:
    """How many spans ago the live model's data ended."""
    if spans is None:
        return Check("spans", Outcome.UNKNOWN, "the live model's age in spans is unknown: no spans")
    figures = {"spans": spans, "limit": limit}
    if spans < 0:
        text = f"the live model has learnt from {-spans} spans after the run's own"
        return Check("spans", Outcome.UNKNOWN, text, figures)
    text = f"the live model's data ended {spans} spans ago, of {limit} allowed"
    return Check("spans", Outcome.RETRAIN if spans > limit else Outcome.FINE, text, figures)


def metric_check(
    limit: MetricLimit, now: Mapping[str, float] | None, then: Mapping[str, float] | None
) -> Check:
    """What a metric of the live model is on the new data, and what it was."""
    name = limit.name
    value = None if now is None else now.get(name)
    if value is None:
        which = (
            "the live model was not evaluated" if now is None else f"evaluated: {_some(list(now))}"
        )
        return Check(name, Outcome.UNKNOWN, f"{name} is unknown: {which}")
    before = None if then is None else then.get(name)
    figures = {"value": value, "before": before, **_limits(limit)}
    sign = 1 if limit.higher_is_better else -1
    if math.isnan(value):
        return Check(name, Outcome.RETRAIN, f"{name} of the live model is not a number", figures)
    if limit.worst is not None and sign * value < sign * limit.worst:
        side = "below" if limit.higher_is_better else "above"
        text = f"{name} of the live model is {value:.6g}, {side} {limit.worst:g}"
        return Check(name, Outcome.RETRAIN, text, figures)
    if limit.max_decay is None:
        return Check(name, Outcome.FINE, f"{name} of the live model is {value:.6g}", figures)
    if before is None or math.isnan(before):
        text = f"{name} is {value:.6g}; what it was when the model was blessed is unknown"
        return Check(name, Outcome.UNKNOWN, text, figures)
    decay = sign * (before - value)
    text = (
        f"{name} of the live model is {value:.6g} where it was {before:.6g}, "
        f"worse by {decay:.3g} of {limit.max_decay:g} allowed"
        if decay > 0
        else f"{name} of the live model is {value:.6g} where it was {before:.6g}"
    )
    outcome = Outcome.RETRAIN if decay > limit.max_decay else Outcome.FINE
    return Check(name, outcome, text, {**figures, "decay": decay})


def _limits(limit: MetricLimit) -> dict[str, Any]:
    return {"max_decay": limit.max_decay, "worst": limit.worst}


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - _NAMED
    return ", ".join(texts[:_NAMED]) + (f" and {more} more" if more > 0 else "")
