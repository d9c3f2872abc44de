"""The stream's source: takes files as they arrive, stages their rows and moves event time on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.metrics import Metrics
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Duration, Timestamp

from .journal import Entry, Journal
from .positions import TRACKER, Position
from .rows import RowFormat
from .staging import Block, stage
from .windows import Windows

_AT_ONCE_SECONDS = 2.0
"""How long one bundle reads: a checkpoint waits for it."""
NAMESPACE = "stream_example_gen"


_WATERMARK = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider())


class ReadArriving(beam.DoFn):  # type: ignore[misc]
    """The blocks of the files that match a pattern below a directory; its element is the directory.

    Args:
        target: the stream's own directory.
        idle_seconds: after so long without a new file every window that has rows is closed; 0: it
            stays open until later rows come.
        stop_after: entries of the journal after which event time ends, for tests: a stream of the
            direct runner has to end.
    """

    def __init__(
        self,
        target: str,
        pattern: str,
        form: RowFormat,
        windows: Windows,
        idle_seconds: float,
        look_seconds: float,
        stop_after: int = 0,
    ) -> None:
        self._target, self._pattern = Path(target), pattern
        self._form, self._windows = form, windows
        self._idle_seconds, self._look_seconds = idle_seconds, look_seconds
        self._stop_after = stop_after
        self._journal: Journal | None = None
        self._news = 0.0
        self._rows = Metrics.counter(NAMESPACE, "rows")

    def setup(self) -> None:
        """Begin to wait for news: by a clock that is never set back."""
        self._journal = Journal(self._target / "journal")
        self._news = time.monotonic()

    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(
        self, directory: str, tracker: Any = TRACKER, watermark: Any = _WATERMARK
    ) -> Iterator[Any]:
        """Take what has arrived, and look again later."""
        begun = time.monotonic()
        while time.monotonic() - begun < _AT_ONCE_SECONDS:
            position = Position(*tracker.current_restriction())
            if self._stop_after and position.entry >= self._stop_after:
                tracker.try_claim(position.ended())
                return
            entry = self._next(directory, position)
            if entry is None:
                tracker.defer_remainder(Duration(seconds=self._look_seconds))
                return
            blocks, after = self._read(position, entry)
            if not tracker.try_claim(after):
                return
            for block in blocks:
                self._rows.inc(block.rows)
                start = Timestamp(self._windows.start(block.window))
                yield TimestampedValue((block.window, tuple(block)), start)
            if math.isfinite(after.watermark):
                watermark.set_watermark(Timestamp(after.watermark))
        tracker.defer_remainder()

    def _next(self, directory: str, position: Position) -> Entry | None:
        assert self._journal is not None
        entry = self._journal.read(position.entry)
        if entry is None:
            entry = self._journal.take(position.entry, Path(directory), self._pattern)
        if entry is None and self._is_idle(position):
            entry = self._journal.add(position.entry, Entry(idle=True))
        if entry is not None:
            self._news = time.monotonic()
        return entry

    def _is_idle(self, position: Position) -> bool:
        if not self._idle_seconds or not math.isfinite(position.latest):
            return False
        waited = time.monotonic() - self._news
        return waited >= self._idle_seconds and position.watermark < self._windows.after(
            position.latest
        )

    def _read(self, position: Position, entry: Entry) -> tuple[list[Block], Position]:
        latest, watermark = position.latest, position.watermark
        blocks: list[Block] = []
        for number, file in enumerate(entry.files):
            name = f"{position.entry:08d}-{number:02d}"
            staged = stage(self._target, name, file, self._form, self._windows, watermark)
            blocks += staged.blocks
            if staged.latest is not None:
                latest = max(latest, staged.latest)
                watermark = max(watermark, self._windows.watermark(latest))
        if entry.idle:
            watermark = max(watermark, self._windows.after(latest))
        return blocks, Position(position.entry + 1, latest, watermark)
