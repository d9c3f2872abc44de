"""TFX's number of a span, and how a person writes it: a date, or the number itself."""

from __future__ import annotations

import contextlib
import datetime
import re

from headrace.errors import HeadraceError

_EPOCH = datetime.date(1970, 1, 1)
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_NUMBER = re.compile(r"\d{1,100}")
_GREATEST = 2**31 - 1
"""What TFX has room for."""
_FIRST_DATES = 10_000
"""A number of days since 1970 has five digits from 1997 to 2243; smaller ones are no dates."""
_LAST_DATES = 100_000


def span_number(text: str, *, dates: bool) -> int:
    """The number of a span that a run names.

    Args:
        dates: whether spans are dates (``{YYYY}``, ``{MM}`` and ``{DD}`` in the pattern): TFX
            numbers them by the days since 1970. Otherwise they are numbers (``{SPAN}``).

    Raises:
        HeadraceError: the text is neither.
    """
    stripped = text.strip()
    if not dates:
        if _NUMBER.fullmatch(stripped) and int(stripped) <= _GREATEST:
            return int(stripped)
        raise HeadraceError(
            f"span {text!r} is not a number", "the pattern has {SPAN}, so spans are 0, 1, 2, ..."
        )
    found = _DATE.fullmatch(stripped)
    try:
        if found:
            return (datetime.date(*map(int, found.groups())) - _EPOCH).days
    except ValueError:
        pass
    raise HeadraceError(
        f"span {text!r} is not a date", "the pattern has dates, so write one as 20130105"
    )


def span_numbers(text: str, *, dates: bool) -> tuple[int, ...]:
    """The numbers that the text may mean, the likeliest first.

    Of spans that are numbers a date is one more: events name a number that can be days since 1970
    by its date, whatever the pattern is.

    Raises:
        HeadraceError: the text is neither.
    """
    if dates:
        return (span_number(text, dates=True),)
    day: tuple[int, ...] = ()
    with contextlib.suppress(HeadraceError):
        day = (span_number(text, dates=True),)
    try:
        return (span_number(text, dates=False), *day)
    except HeadraceError:
        if day:
            return day
        raise


def told(number: int) -> str:
    """A span for a message: with its date, where the number may be one of days."""
    if not _FIRST_DATES <= number < _LAST_DATES:
        return str(number)
    return f"{number} ({_EPOCH + datetime.timedelta(days=number)})"
