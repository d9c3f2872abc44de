"""Whatever is given as a span: its number, or a refusal."""

import datetime

from hypothesis import strategies as st

from headrace.components.spans.numbers import span_number, told
from headrace.errors import HeadraceError
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import odd_text

EPOCH = datetime.date(1970, 1, 1)
texts = odd_text | st.text("0123456789-/ .T٣", max_size=12) | st.dates().map(str)


@fuzzed(80, text=texts, dates=st.booleans())
def test_a_span_is_a_number_or_refused(text, dates):
    try:
        number = span_number(text, dates=dates)
    except HeadraceError as error:
        assert "span" in error.message
        return
    assert told(number).startswith(str(number))
    if dates:
        written = (EPOCH + datetime.timedelta(days=number)).isoformat()
        assert text.strip().replace("-", "") == written.replace("-", "")
    else:
        assert -(2**63) <= number < 2**63
        assert number == int(text)
