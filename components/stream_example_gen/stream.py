"""A stream that makes spans, and one of files, as a person describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.transforms import window

from .files import as_json, create_file
from .journal import StreamError
from .landing import Land
from .rows import TIMES, RowFormat, check_columns
from .source import ReadArriving
from .windows import Windows


@dataclass(frozen=True)
class SpanStream:
    """What every stream has that makes spans of rows by their event time.

    Attributes:
        source: where the rows come from.
        directory: the stream's own: spans, what is late and bad, its journal.
        columns: of each feature ``int``, ``float`` or ``bytes``; empty for files of tf.Examples.
        time_column: that holds a row's event time.
        time_format: ``seconds`` or ``milliseconds`` since 1970, or ``iso``.
        window_seconds: length of a window, which becomes a span.
        allowed_lateness: how many seconds of event time a window waits for rows behind its end.
        idle_seconds: after so long without a new file all windows that have rows are closed; 0:
            only later rows close them.
    """

    source: str
    directory: str
    time_column: str
    window_seconds: int
    columns: Mapping[str, str] = field(default_factory=dict)
    time_format: str = "seconds"
    allowed_lateness: int = 0
    idle_seconds: float = 0

    def __post_init__(self) -> None:
        """Raise ``StreamError`` for what cannot be meant."""
        check_columns(self.columns)
        if self.time_format not in TIMES:
            raise StreamError(f"time_format is one of {', '.join(TIMES)}, not {self.time_format!r}")
        if self.window_seconds < 1 or self.window_seconds != int(self.window_seconds):
            raise StreamError("window_seconds is a whole number from 1")
        if self.allowed_lateness < 0 or self.idle_seconds < 0 or not self.time_column:
            raise StreamError(
                "a stream needs a time_column; allowed_lateness and idle_seconds are not negative"
            )


@dataclass(frozen=True)
class FileStream(SpanStream):
    """Files that arrive in ``source`` become spans in ``directory``/spans.

    Attributes:
        source: directory that is watched. A file has to be complete when it appears: written aside
            and renamed. Names that begin with a dot or an underscore are passed over.
        pattern: of the files' paths below ``source``.
        look_seconds: between two looks at ``source``.

    The others are those of ``SpanStream``.
    """

    pattern: str = "*"
    look_seconds: float = 1.0

    def build(self, pipeline: beam.Pipeline, stop_after: int = 0) -> Any:
        """Add the stream's steps to a pipeline; gives the directories of spans as they land.

        Args:
            stop_after: let it end after so many steps of its journal, for tests.

        Raises:
            StreamError: the directory is that of a stream with other windows.
        """
        windows = Windows(self.window_seconds, self.allowed_lateness)
        keep_windows(Path(self.directory), windows)
        return (
            pipeline
            | "Source" >> beam.Create([self.source])
            | "Read" >> beam.ParDo(self.reader(windows, stop_after))
            | "Window" >> beam.WindowInto(window.FixedWindows(self.window_seconds))
            | "Group" >> beam.GroupByKey()
            | "Land" >> beam.ParDo(Land(self.directory, windows))
        )

    def reader(self, windows: Windows, stop_after: int = 0) -> ReadArriving:
        """The step that takes files."""
        form = RowFormat(dict(self.columns), self.time_column, self.time_format)
        return ReadArriving(
            self.directory,
            self.pattern,
            form,
            windows,
            self.idle_seconds,
            self.look_seconds,
            stop_after,
        )


def keep_windows(directory: Path, windows: Windows) -> None:
    """Note how a stream divides time; what has landed would not fit another way.

    Raises:
        StreamError: it did so otherwise before.
    """
    wanted = {"window_seconds": windows.seconds, "allowed_lateness": windows.allowed_lateness}
    path = directory / "stream.json"
    if not create_file(path, as_json(wanted)) and (kept := json.loads(path.read_text())) != wanted:
        raise StreamError(f"{directory} is a stream's with {kept}, not {wanted}: take another one")
