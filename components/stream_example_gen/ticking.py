"""Ticks: elements that come every so often, for a step that has to act when nothing else comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.utils.timestamp import Duration

from .positions import TRACKER, Position


class Tick(beam.DoFn):  # type: ignore[misc]
    """Gives its element every ``seconds``, without end; after a pause once, not once for each."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(self, element: Any, tracker: Any = TRACKER) -> Iterator[Any]:
        """Give one, and come back."""
        position = Position(*tracker.current_restriction())
        if tracker.try_claim(position._replace(entry=position.entry + 1)):
            yield element
            tracker.defer_remainder(Duration(seconds=self._seconds))
