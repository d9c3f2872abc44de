"""How far an unbounded read is, and what moves it on: for Beam's splittable DoFns."""

from __future__ import annotations

import math
from typing import NamedTuple

import apache_beam as beam
from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker

_ENDED = -1


class Position(NamedTuple):
    """How far a stream is: the next entry of its journal, and event time so far."""

    entry: int = 0
    latest: float = -math.inf
    watermark: float = -math.inf

    def ended(self) -> Position:
        """The position behind everything: a read that is there has ended, for tests."""
        return self._replace(entry=_ENDED)


class PositionTracker(RestrictionTracker):  # type: ignore[misc]
    """Moves a position on, until a checkpoint takes the rest."""

    def __init__(self, position: Position) -> None:
        self._position = position
        self._is_split = False

    def current_restriction(self) -> Position:
        """The position, from which the next process goes on."""
        return self._position

    def try_claim(self, position: Position) -> bool:
        """Move on to ``position``, unless the rest is another's by now."""
        if not self._is_split:
            self._position = position
        return not self._is_split

    def try_split(self, fraction_of_remainder: float) -> tuple[Position, Position] | None:
        """Give all the rest away; a stream is not divided otherwise."""
        if fraction_of_remainder or self._is_split:
            return None
        self._is_split = True
        return self._position, self._position

    def check_done(self) -> None:
        """See that the rest was given away.

        Raises:
            ValueError: it was not.
        """
        if not self._is_split and self._position.entry != _ENDED:
            raise ValueError("a stream ends only when it is stopped")

    def current_progress(self) -> RestrictionProgress:
        """Nobody knows how much is to come."""
        return RestrictionProgress(fraction=0.5)

    def is_bounded(self) -> bool:
        """It has no end."""
        return False


class _Positions(beam.RestrictionProvider):  # type: ignore[misc]
    def initial_restriction(self, element: str) -> Position:
        return Position()

    def create_tracker(self, restriction: Position) -> PositionTracker:
        return PositionTracker(Position(*restriction))

    def restriction_size(self, element: str, restriction: Position) -> float:
        return 1.0

    def truncate(self, element: str, restriction: Position) -> None:
        return None


TRACKER = beam.DoFn.RestrictionParam(_Positions())
