import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from headrace.components.retrain_gate import comparison
from headrace.components.retrain_gate.policy import Policy


def statistics(islands, masses, **others):
    frame = pd.DataFrame({"island": islands, "mass": masses, **others})
    return tfdv.generate_statistics_from_dataframe(frame, n_jobs=1)


@pytest.fixture(scope="module")
def live():
    return statistics(["Biscoe", "Dream"] * 100, [float(item % 50) for item in range(200)])


@pytest.fixture(scope="module")
def moved():
    return statistics(["Dream"] * 200, [200.0 + item % 50 for item in range(200)])


def distances(found):
    return {item.feature: item.value for item in found.distances}


def test_the_same_data_have_no_distance(live):
    found = comparison.drift(live, live, Policy())
    assert distances(found) == pytest.approx({"island": 0, "mass": 0}, abs=1e-9)
    assert found.missing == ()


def test_numbers_and_texts_that_moved_have_one(live, moved):
    found = comparison.drift(moved, live, Policy(max_drift=0.1))
    assert distances(found)["mass"] == pytest.approx(1, abs=0.01)
    assert distances(found)["island"] > 0.3
    assert {item.limit for item in found.distances} == {0.1}


def test_a_feature_has_its_own_limit_and_one_without_a_limit_is_not_compared(live, moved):
    found = comparison.drift(moved, live, Policy(features={"mass": None, "island": 0.9}))
    assert [(item.feature, item.limit) for item in found.distances] == [("island", 0.9)]


def test_a_feature_of_one_side_only_is_missing_unless_it_has_no_limit(live):
    wider = statistics(["Biscoe"] * 9, [1.0] * 9, tail=[1.0] * 9)
    assert comparison.drift(wider, live, Policy()).missing == ("tail",)
    assert comparison.drift(live, wider, Policy()).missing == ("tail",)
    assert comparison.drift(wider, live, Policy(features={"tail": None})).missing == ()


def test_a_feature_without_a_value_counts_as_missing(live):
    empty = statistics(["Biscoe"] * 9, [float("nan")] * 9)
    assert comparison.drift(empty, live, Policy()).missing == ("mass",)


def test_serving_data_without_the_label_have_a_skew_of_the_other_features(live, moved):
    labelled = statistics(["Biscoe", "Dream"] * 9, [1.0] * 18, label=[1] * 18)
    found = comparison.skew(labelled, moved, Policy())
    assert set(distances(found)) == {"island", "mass"}
    assert found.missing == ()


def test_rows_are_counted(live):
    assert comparison.rows(live) == 200
