"""A span as the key of a partition in Airflow."""

from __future__ import annotations

import datetime

_EPOCH = datetime.date(1970, 1, 1)
_FIRST_DATES, _LAST_DATES = 10_000, 100_000


def span_key(number: int) -> str:
    """TFX's number of a span as a partition's key: a date, where it can be days since 1970."""
    if not _FIRST_DATES <= number < _LAST_DATES:
        return str(number)
    return (_EPOCH + datetime.timedelta(days=number)).strftime("%Y%m%d")
