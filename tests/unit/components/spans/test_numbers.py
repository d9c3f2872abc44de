import pytest

from headrace.components.spans.numbers import span_number, told
from headrace.errors import HeadraceError


@pytest.mark.parametrize("text", ["20130105", "2013-01-05", " 20130105 "])
def test_a_date_is_the_number_of_days_since_1970(text):
    assert span_number(text, dates=True) == 15710


def test_where_the_pattern_has_spans_it_is_the_number_itself():
    assert span_number("007", dates=False) == 7


@pytest.mark.parametrize(
    ("text", "dates"),
    [("20130230", True), ("15710", True), ("today", True), ("-1", False), ("2147483648", False)],
)
def test_what_is_no_span_is_refused(text, dates):
    with pytest.raises(HeadraceError, match=f"span '{text}' is not a"):
        span_number(text, dates=dates)


def test_a_message_has_the_date_where_there_can_be_one():
    assert told(15710) == "15710 (2013-01-05)"
    assert told(7) == "7"
