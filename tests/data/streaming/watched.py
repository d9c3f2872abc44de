"""A streaming job that watches a directory and counts words in windows of event time.

Files are read in the order of their names, each line is ``SECOND WORD``, and the watermark follows
the lines. What a window's pane says is written to a file of its own, which a pane that is computed
again after a failure overwrites.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.transforms import trigger, window
from apache_beam.utils.timestamp import Duration, Timestamp

WINDOW_SECONDS = 10
_ENDLESS = 1 << 40
_LOOK_SECONDS = 0.2


class _FilesInOrder(beam.RestrictionProvider):  # type: ignore[misc]
    def initial_restriction(self, element: str) -> OffsetRange:
        return OffsetRange(0, _ENDLESS)

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        return OffsetRestrictionTracker(restriction)

    def restriction_size(self, element: str, restriction: OffsetRange) -> float:
        return 1.0

    def truncate(self, element: str, restriction: OffsetRange) -> None:
        return None


_TRACKER = beam.DoFn.RestrictionParam(_FilesInOrder())
_WATERMARK = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider())


class Watch(beam.DoFn):  # type: ignore[misc]
    """The lines of every file that comes into a directory, with their event time."""

    @beam.DoFn.unbounded_per_element()
    def process(
        self,
        directory: str,
        tracker: Any = _TRACKER,
        watermark: Any = _WATERMARK,
    ) -> Iterator[Any]:
        number = tracker.current_restriction().start
        while True:
            file = Path(directory, f"{number:06d}.txt")
            if not file.exists():
                tracker.defer_remainder(Duration(seconds=_LOOK_SECONDS))
                return
            if not tracker.try_claim(number):
                return
            second = 0
            for line in file.read_text().splitlines():
                text, _, word = line.partition(" ")
                second = int(text)
                yield window.TimestampedValue(word, Timestamp(second))
            watermark.set_watermark(Timestamp(second))
            number += 1


class WritePane(beam.DoFn):  # type: ignore[misc]
    """Writes each pane to a file, whole or not at all."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def process(
        self,
        counted: tuple[str, int],
        pane: Any = beam.DoFn.PaneInfoParam,
        of: Any = beam.DoFn.WindowParam,
    ) -> None:
        word, count = counted
        timing = "early" if pane.timing == 0 else "on_time"
        name = f"{int(of.start):06d}-{word}-{timing}-{pane.index}.json"
        partial = Path(self._directory, f".{name}-{os.getpid()}")
        partial.write_text(json.dumps(count))
        partial.rename(Path(self._directory, name))


def build(pipeline: beam.Pipeline, source: str, target: str) -> None:
    """Count the words of ``source`` into ``target``: what is there early, and again at the end."""
    (
        pipeline
        | beam.Create([source])
        | beam.ParDo(Watch())
        | beam.WindowInto(
            window.FixedWindows(WINDOW_SECONDS),
            trigger=trigger.AfterWatermark(early=trigger.AfterCount(2)),
            accumulation_mode=trigger.AccumulationMode.ACCUMULATING,
            allowed_lateness=0,
        )
        | beam.combiners.Count.PerElement()
        | beam.ParDo(WritePane(target))
    )
