"""Whether a figure stays where it is, judged from samples over time."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence

Point = tuple[float, float]
"""Minutes since the beginning, and the figure."""

WARM_UP = 0.25
"""Share of the time at the beginning that is not judged: caches fill and pools grow."""
_MEMORY_AN_HOUR, _MEMORY_FLOOR = 0.05, 5.0
_COUNT_GROWTH, _COUNT_FLOOR = 0.05, 2.0
_SLOWER = 0.10


def windows(points: Sequence[Point], number: int) -> list[Point]:
    """The median of each of so many equal spans of time, at the span's end; empty ones left out."""
    if not points:
        return []
    begin, end = points[0][0], points[-1][0]
    width = (end - begin) / number or 1.0
    found = []
    for index in range(number):
        low, high = begin + index * width, begin + (index + 1) * width
        last = index == number - 1
        inside = [value for at, value in points if low <= at < high or (last and at == high)]
        if inside:
            found.append((high, statistics.median(inside)))
    return found


def growth_an_hour(points: Sequence[Point]) -> float:
    """How much the figure grows in an hour: the median of all pairs' slopes (Theil, Sen).

    Single samples far off do not matter to it.
    """
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for earlier, later in itertools.combinations(points, 2)
        if later[0] > earlier[0]
    ]
    return statistics.median(slopes) * 60 if slopes else 0.0


def judged(points: Sequence[Point]) -> list[Point]:
    """Those after the warm-up."""
    if not points:
        return []
    since = points[0][0] + WARM_UP * (points[-1][0] - points[0][0])
    return [point for point in points if point[0] >= since]


def memory_grows(points: Sequence[Point]) -> bool:
    """Of megabytes: more than a twentieth of it, or 5 MB where that is more, in an hour."""
    if not points:
        return False
    usual = statistics.median(value for _, value in points)
    return growth_an_hour(points) > max(_MEMORY_AN_HOUR * usual, _MEMORY_FLOOR)


def count_grows(points: Sequence[Point]) -> bool:
    """Of things that are counted: more in the last third than in the first, by more than two."""
    thirds = windows(points, 3)
    if len(thirds) < 2:
        return False
    (_, first), (_, last) = thirds[0], thirds[-1]
    return last - first > max(_COUNT_GROWTH * first, _COUNT_FLOOR)


def slowdown(seconds: Sequence[float], most: int = 10) -> float:
    """The last ten runs' mean over the first ten's; of fewer than twenty, half of them each."""
    each = min(most, len(seconds) // 2)
    if not each:
        return 1.0
    return statistics.mean(seconds[-each:]) / statistics.mean(seconds[:each])


def slows_down(slowdown: float) -> bool:
    """By more than a tenth."""
    return slowdown > 1 + _SLOWER
