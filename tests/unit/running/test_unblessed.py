from headrace.running.unblessed import unblessed


def test_what_a_model_missed_is_told_without_what_it_met() -> None:
    evaluation = {"blessed": False, "findings": ["missed: auc is 0.5", "loss is 0.1"]}
    assert unblessed(evaluation) == ["auc is 0.5"]


def test_long_lists_are_cut_and_counted() -> None:
    findings = [f"missed: auc is 0.{digit} where day = {digit}" for digit in range(10)]
    told = unblessed({"blessed": False, "findings": findings})
    assert told[0] == "auc is 0.0 where day = 0"
    assert told[8:] == ["and 2 more, in the node's log"]


def test_a_model_that_is_refused_without_a_finding_is_told_nevertheless() -> None:
    told = unblessed({"blessed": False, "findings": []})
    assert told == ["its evaluation says no threshold that it missed"]


def test_nothing_is_said_of_a_blessed_model_or_one_that_nobody_judged_or_of_other_nodes() -> None:
    findings = ["missed: auc is 0.5"]
    assert unblessed({"blessed": True, "findings": findings}) == []
    assert unblessed({"blessed": None, "findings": findings}) == []
    assert unblessed({}) == []
