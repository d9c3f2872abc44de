"""Event-time windows of one length, and the watermark that closes them."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Windows:
    """Windows of ``seconds``, closed when an event this much later than their end has been seen.

    A window's number counts from 1970: it is the span's. With ``seconds`` 0 there is only window 0,
    which never closes.
    """

    seconds: int
    allowed_lateness: int = 0

    def number(self, time: float) -> int:
        """The window that a time is in."""
        return math.floor(time / self.seconds) if self.seconds else 0

    def start(self, number: int) -> int:
        """The first second of a window."""
        return number * self.seconds

    def watermark(self, latest: float) -> float:
        """The time that all windows which end until then are closed at, by the latest event."""
        return latest - self.allowed_lateness

    def is_closed(self, number: int, watermark: float) -> bool:
        """Whether a row of this window is late."""
        return bool(self.seconds) and self.start(number + 1) <= watermark

    def after(self, latest: float) -> float:
        """The watermark that closes every window that has an event."""
        return float(self.start(self.number(latest) + 1))
