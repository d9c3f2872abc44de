import json
from dataclasses import replace

import pytest

from headrace.components.retrain_gate.decision import (
    Comparison,
    Distance,
    Facts,
    LiveModel,
    Outcome,
    age_check,
    decide,
    distance_check,
    growth_check,
    metric_check,
)
from headrace.components.retrain_gate.policy import MetricLimit, Policy

DAY = 86_400
LIVE = LiveModel(id=7, uri="models/7", age_seconds=3 * DAY)
NEAR = Comparison((Distance("island", 0.02, 0.1), Distance("mass", 0.05, 0.1)))
FAR = Comparison((Distance("island", 0.02, 0.1), Distance("mass", 0.4, 0.1)))
KNOWN = Facts(rows=1000, live=LIVE, live_rows=900, drift=NEAR)
AUC = MetricLimit("auc", max_decay=0.02)
LOSS = MetricLimit("loss", max_decay=0.1, higher_is_better=False)


def test_without_a_live_model_it_retrains_and_says_so():
    decision = decide(Facts(rows=1000), Policy())
    assert (decision.retrain, decision.reason) == (True, "there is no live model yet")


def test_without_a_reason_it_does_not_retrain_and_says_what_was_looked_at():
    decision = decide(KNOWN, Policy(max_age_days=30))
    assert not decision.retrain
    assert decision.reason == (
        "no reason to retrain: drift is at most 0.05 of 0.1 (mass); "
        "the live model is 3.0 days old, of 30 allowed"
    )


def test_a_policy_that_asks_for_nothing_is_no_reason():
    decision = decide(KNOWN, Policy(max_drift=None, max_skew=None))
    assert (decision.retrain, decision.checks) == (False, ())
    assert decision.reason == "no reason to retrain: nothing was asked for"


@pytest.mark.parametrize(
    ("facts", "policy", "said"),
    [
        ({"drift": FAR}, {}, "drift from the live model's run: mass 0.4 > 0.1"),
        (
            {"skew": FAR, "has_serving_data": True},
            {},
            "skew from what is served: mass 0.4 > 0.1",
        ),
        (
            {"live": replace(LIVE, age_seconds=31 * DAY)},
            {"max_age_days": 30},
            "the live model is 31.0 days old, of 30 allowed",
        ),
        (
            {"metrics": {"auc": 0.8}, "blessed_metrics": {"auc": 0.9}},
            {"metrics": (AUC,)},
            "auc of the live model is 0.8 where it was 0.9, worse by 0.1 of 0.02 allowed",
        ),
        (
            {"rows": 1900},
            {"max_row_growth": 1.0},
            "1,900 rows where the live model's run had 900 (+111.1%)",
        ),
        ({"asked_for": True}, {}, "it was asked for"),
        ({"live": replace(LIVE, is_there=False)}, {}, "the live model 7 is gone from models/7"),
    ],
)
def test_one_reason_is_enough_and_is_told(facts, policy, said):
    decision = decide(replace(KNOWN, **facts), Policy(**policy))
    assert (decision.retrain, decision.reason) == (True, said)


def test_all_reasons_are_told():
    facts = replace(KNOWN, drift=FAR, live=replace(LIVE, age_seconds=31 * DAY))
    decision = decide(facts, Policy(max_age_days=30))
    assert decision.reason == (
        "drift from the live model's run: mass 0.4 > 0.1; "
        "the live model is 31.0 days old, of 30 allowed"
    )


@pytest.mark.parametrize("facts", [Facts(rows=9), replace(KNOWN, rows=9, drift=FAR)])
def test_too_few_rows_outweigh_every_reason(facts):
    decision = decide(facts, Policy(min_rows=10))
    assert not decision.retrain
    assert decision.reason == "there are 9 rows, and at least 10 are needed"


def test_whoever_asks_for_it_gets_it_with_few_rows_too():
    decision = decide(replace(KNOWN, rows=9, asked_for=True), Policy(min_rows=10))
    assert (decision.retrain, decision.reason) == (True, "it was asked for")


def test_skew_is_not_looked_at_where_no_serving_data_was_given():
    assert [check.name for check in decide(KNOWN, Policy()).checks] == ["drift"]


def test_what_cannot_be_told_is_no_reason_and_is_told():
    decision = decide(
        Facts(rows=1000, live=LIVE),
        Policy(max_row_growth=0.5, metrics=(AUC,)),
    )
    assert not decision.retrain
    assert {check.outcome for check in decision.checks} == {Outcome.UNKNOWN}
    for said in ("no statistics of the live model's run", "was not evaluated", "growth is unknown"):
        assert said in decision.reason


def test_the_furthest_features_are_named_first_and_no_more_than_three():
    many = Comparison(tuple(Distance(f"f{index}", index / 10, 0.1) for index in range(8)))
    check = distance_check("drift", many, "then")
    assert check.text == "drift from then: f7 0.7 > 0.1, f6 0.6 > 0.1, f5 0.5 > 0.1 and 3 more"
    assert check.figures["distances"]["f2"] == 0.2


def test_a_distance_at_its_limit_is_fine_and_one_that_is_no_number_is_not():
    def outcome(value):
        return distance_check("drift", Comparison((Distance("a", value, 0.1),)), "then").outcome

    assert outcome(0.1) is Outcome.FINE
    assert outcome(0.1000001) is Outcome.RETRAIN
    assert outcome(float("nan")) is Outcome.RETRAIN


def test_a_feature_that_came_or_went_is_a_reason():
    check = distance_check("drift", replace(NEAR, missing=("tail",)), "the live model's run")
    assert check.outcome is Outcome.RETRAIN
    assert check.text == "only one of the data and the live model's run has tail"


def test_nothing_to_compare_is_told():
    assert distance_check("drift", Comparison(), "then").outcome is Outcome.UNKNOWN


def test_a_clock_that_went_back_is_told_and_makes_no_model_old():
    check = age_check(-2.0 * DAY, 30)
    assert check.outcome is Outcome.UNKNOWN
    assert "2.0 days ahead" in check.text


@pytest.mark.parametrize(("days", "outcome"), [(30, Outcome.FINE), (30.01, Outcome.RETRAIN)])
def test_a_model_at_its_greatest_age_is_not_too_old(days, outcome):
    assert age_check(days * DAY, 30).outcome is outcome


@pytest.mark.parametrize(
    ("rows", "outcome"), [(150, Outcome.FINE), (151, Outcome.RETRAIN), (10, Outcome.FINE)]
)
def test_more_rows_than_the_share_allowed_are_a_reason(rows, outcome):
    assert growth_check(rows, 100, 0.5).outcome is outcome


def test_a_run_without_rows_has_no_growth():
    assert growth_check(10, 0, 0.5).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("limit", "now", "then", "outcome"),
    [
        (AUC, 0.89, 0.9, Outcome.FINE),
        (AUC, 0.95, 0.9, Outcome.FINE),
        (AUC, 0.87, 0.9, Outcome.RETRAIN),
        (AUC, float("nan"), 0.9, Outcome.RETRAIN),
        (AUC, 0.87, None, Outcome.UNKNOWN),
        (AUC, 0.87, float("nan"), Outcome.UNKNOWN),
        (LOSS, 0.55, 0.5, Outcome.FINE),
        (LOSS, 0.65, 0.5, Outcome.RETRAIN),
        (LOSS, 0.2, 0.5, Outcome.FINE),
        (MetricLimit("auc", worst=0.7), 0.69, None, Outcome.RETRAIN),
        (MetricLimit("auc", worst=0.7), 0.7, None, Outcome.FINE),
        (MetricLimit("loss", worst=0.7, higher_is_better=False), 0.71, None, Outcome.RETRAIN),
        (MetricLimit("auc", max_decay=0.2, worst=0.7), 0.69, 0.7, Outcome.RETRAIN),
    ],
)
def test_a_metric_that_is_worse_than_allowed_is_a_reason(limit, now, then, outcome):
    before = None if then is None else {limit.name: then}
    assert metric_check(limit, {limit.name: now}, before).outcome is outcome


def test_a_metric_that_was_not_evaluated_is_told_with_those_that_were():
    check = metric_check(AUC, {"accuracy": 1.0}, None)
    assert check.outcome is Outcome.UNKNOWN
    assert check.text == "auc is unknown: evaluated: accuracy"


def test_a_decision_is_json_with_its_figures():
    facts = replace(KNOWN, drift=FAR)
    written = json.loads(json.dumps(decide(facts, Policy()).to_dict()))
    assert written["retrain"] is True
    [check] = written["checks"]
    assert (check["name"], check["outcome"]) == ("drift", "retrain")
    assert check["figures"]["distances"] == {"island": 0.02, "mass": 0.4}


@pytest.mark.parametrize(
    ("spans", "outcome", "told"),
    [
        (7, Outcome.FINE, "the live model's data ended 7 spans ago, of 7 allowed"),
        (8, Outcome.RETRAIN, "the live model's data ended 8 spans ago, of 7 allowed"),
        (-2, Outcome.UNKNOWN, "the live model has learnt from 2 spans after the run's own"),
        (None, Outcome.UNKNOWN, "the live model's age in spans is unknown: no spans"),
    ],
)
def test_age_in_spans_is_by_the_data_and_not_by_the_clock(spans, outcome, told):
    live = replace(LIVE, age_spans=spans, age_seconds=1000 * DAY)
    decision = decide(replace(KNOWN, live=live), Policy(max_drift=None, max_age_spans=7))
    assert [(check.outcome, check.text) for check in decision.checks] == [(outcome, told)]
