"""Sources for streams of elements: Beam's own PeriodicImpulse, with rows in place of times."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Timestamp

SECONDS = 0.1


class Impulses(beam.PTransform):  # type: ignore[misc]
    """A row every so many ``seconds`` of event time from ``start``; what is past comes at once."""

    def __init__(self, start: float, seconds: float) -> None:
        super().__init__()
        self._start, self._seconds = start, seconds

    def expand(self, pipeline: Any) -> Any:
        return (
            pipeline
            | PeriodicImpulse(Timestamp(self._start), MAX_TIMESTAMP, self._seconds)
            | beam.Map(_row, self._seconds)
        )


def _row(time: Any, seconds: float) -> dict[str, Any]:
    return {"time": float(time), "number": round(float(time) / seconds), "word": "mill"}


MADE = Impulses(0, SECONDS)


class Ended(beam.PTransform):  # type: ignore[misc]
    """A source that has an end."""

    def expand(self, pipeline: Any) -> Any:
        return pipeline | beam.Create([{"time": 1, "word": "mill"}])


def not_a_source() -> str:
    """What a user may name by mistake."""
    return "a text"
