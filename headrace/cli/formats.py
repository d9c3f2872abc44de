"""Numbers and times as people read them."""

from __future__ import annotations

from datetime import datetime, timezone


def moment(epoch_ms: int) -> str:
    """Local time, to the second."""
    return f"{datetime.fromtimestamp(epoch_ms / 1000):%Y-%m-%d %H:%M:%S}"


def iso_moment(epoch_ms: int) -> str:
    """ISO 8601 in UTC, for programs."""
    exact = datetime.fromtimestamp(epoch_ms / 1000, timezone.utc)
    return f"{exact:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03}Z"


def seconds(value: float | None) -> str:
    """``1.5 s``, ``2 min 05 s``, ``3 h 07 min``; empty for None."""
    if value is None:
        return ""
    if value < 59.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def megabytes(value: int | None) -> str:
    """Millions of bytes; empty for None."""
    return "" if value is None else f"{value / 1e6:.0f} MB"


def size(value: int) -> str:
    """``12 B``, ``3.4 kB``, ``5.6 MB``: in powers of a thousand."""
    amount, unit = float(value), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.95:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
