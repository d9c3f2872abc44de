import pytest
from tfx.types import standard_artifacts

from headrace.components.anomaly_gate import CleanSpansStrategy
from headrace.components.anomaly_gate.artifacts import DataBlessing
from headrace.errors import UsageError


def examples(number, span, version=0):
    made = standard_artifacts.Examples()
    made.id = number
    made.set_int_custom_property("span", span)
    made.set_int_custom_property("version", version)
    return made


def blessing(number, of, blessed):
    made = DataBlessing()
    made.id = number
    made.set_int_custom_property("examples_id", of)
    made.set_int_custom_property("blessed", blessed)
    return made


def resolved(spans, items, verdicts=()):
    found = CleanSpansStrategy(spans).resolve_artifacts(
        None, {"examples": list(items), "blessing": list(verdicts)}
    )
    return found and [item.id for item in found["examples"]]


DAYS = [examples(1, span=1), examples(2, span=2), examples(3, span=3)]


def test_the_newest_spans_are_resolved_oldest_first():
    assert resolved(2, reversed(DAYS)) == [2, 3]


def test_a_span_that_was_set_aside_is_left_out_and_an_older_one_takes_its_place():
    assert resolved(2, DAYS, [blessing(9, of=3, blessed=0)]) == [1, 2]


def test_a_later_verdict_on_the_same_data_counts():
    verdicts = [blessing(9, of=3, blessed=0), blessing(10, of=3, blessed=1)]
    assert resolved(1, DAYS, verdicts) == [3]


def test_of_one_span_it_is_the_newest_clean_version():
    versions = [examples(4, 7, version=1), examples(5, 7, version=2), examples(6, 7, version=3)]
    assert resolved(1, versions, [blessing(9, of=6, blessed=0)]) == [5]


def test_a_span_that_was_read_twice_is_resolved_once():
    assert resolved(5, [examples(4, 7), examples(5, 7)]) == [5]


def test_without_clean_data_there_is_nothing():
    assert resolved(2, [DAYS[0]], [blessing(9, of=1, blessed=0)]) is None
    assert resolved(2, []) is None


@pytest.mark.parametrize("spans", [0, -1, "7"])
def test_a_window_without_spans_is_refused(spans):
    with pytest.raises(UsageError, match="spans must be 1 or more"):
        CleanSpansStrategy(spans)
