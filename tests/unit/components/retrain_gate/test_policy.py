import pytest

from headrace.components.retrain_gate.policy import MetricLimit, Policy
from headrace.errors import UsageError


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"max_drift": 1.5}, "max_drift must be from 0 to 1, not 1.5"),
        ({"max_skew": -0.1}, "max_skew must be a number of 0 or more"),
        ({"max_drift": float("nan")}, "max_drift must be a number"),
        ({"features": {"age": 2}}, r"features\['age'\] must be from 0 to 1"),
        ({"max_age_days": "7"}, "max_age_days must be a number"),
        ({"min_rows": -1}, "min_rows must be a number of 0 or more"),
        ({"max_row_growth": True}, "max_row_growth must be a number"),
        ({"metrics": (MetricLimit("auc"),)}, "metric 'auc' has no limit"),
        ({"metrics": (MetricLimit("auc", max_decay=-1),)}, "max_decay of 'auc' must be a number"),
        ({"metrics": (MetricLimit("auc", 0.1), MetricLimit("auc", 0.2))}, "named twice"),
    ],
)
def test_a_limit_without_a_meaning_is_told_when_the_pipeline_is_made(fields, message):
    with pytest.raises(UsageError, match=message):
        Policy(**fields)


def test_a_policy_is_the_same_after_it_was_an_execution_property():
    policy = Policy(
        features={"age": 0.3, "id": None},
        max_age_days=30,
        metrics=(MetricLimit("loss", max_decay=0.1, higher_is_better=False),),
        min_rows=100,
    )
    assert Policy.from_json(policy.to_json()) == policy


def test_a_feature_has_its_own_limit_or_the_common_one_or_none():
    policy = Policy(max_drift=0.1, features={"age": 0.3, "id": None})
    limits = [policy.limit_of(name, policy.max_drift) for name in ("age", "id", "weight")]
    assert limits == [0.3, None, 0.1]
