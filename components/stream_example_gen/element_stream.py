"""A stream of the elements of any unbounded source, as a person describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.transforms import window

from .journal import StreamError
from .sources import load_source
from .spooling import KEY, TICK, Spool, as_line, as_record
from .stream import FileStream, SpanStream
from .ticking import Tick

_ARRIVED = "arrived"


@dataclass(frozen=True)
class ElementStream(SpanStream):
    """Elements of an unbounded source become spans in ``directory``/spans.

    They are kept as files first, in ``directory``/arrived, which are read as a ``FileStream``.

    Attributes:
        source: dotted name (``package.module.Name``) of a PTransform, or of a class or function
            that gives one. Its elements are dicts, named tuples or texts of JSON; without
            ``columns`` they are tf.Examples.
        source_arguments: by name, of that class or function.
        tick_seconds: between two looks at whether elements can be kept.

    The others are those of ``SpanStream``.
    """

    source_arguments: Mapping[str, Any] = field(default_factory=dict)
    tick_seconds: float = 1.0

    def __post_init__(self) -> None:
        """Raise ``StreamError`` for what cannot be meant, or a source that is none."""
        super().__post_init__()
        load_source(self.source, self.source_arguments)

    def files(self) -> FileStream:
        """The stream of files that the elements become."""
        same = {one.name: getattr(self, one.name) for one in fields(SpanStream)}
        arrived = str(Path(self.directory, _ARRIVED))
        return FileStream(**{**same, "source": arrived}, look_seconds=self.tick_seconds)

    def build(self, pipeline: beam.Pipeline) -> Any:
        """Add the stream's steps to a pipeline; gives the directories of spans as they land.

        Raises:
            StreamError: the source has an end; the directory has what another start has read, and
                this one does not go on from its state; or it is a stream's with other windows.
        """
        self._require_state(pipeline)
        elements = pipeline | "Elements" >> load_source(self.source, self.source_arguments)
        if not isinstance(elements, beam.pvalue.PCollection) or elements.is_bounded:
            raise StreamError(
                f"source {self.source} gives no unbounded PCollection, and a stream has no end: "
                "write what it gives to files, for FileStream or an ExampleGen"
            )
        encode = as_line if self.columns else as_record
        encoded = (
            elements
            | "Unwindowed" >> beam.WindowInto(window.GlobalWindows())
            | "Encode" >> beam.Map(encode).with_output_types(bytes)
        )
        looks = (
            pipeline
            | "Clock" >> beam.Create([TICK])
            | "Tick" >> beam.ParDo(Tick(self.tick_seconds)).with_output_types(bytes)
        )
        (
            (encoded, looks)
            | "Both" >> beam.Flatten()
            | "Key" >> beam.Map(lambda one: (KEY, one)).with_output_types(tuple[bytes, bytes])
            | "Spool" >> beam.ParDo(Spool(self.files().source, not self.columns))
        )
        return self.files().build(pipeline)

    def _require_state(self, pipeline: beam.Pipeline) -> None:
        """See that what was read before is not read into the same directory again."""
        options = pipeline.options.get_all_options(retain_unknown_options=True)
        if options.get("savepoint_path") or not any(Path(self.files().source).glob("[!.]*")):
            return
        raise StreamError(
            f"{self.directory} has elements of an earlier start, and the source would give them "
            "again: start the stream from its savepoint or checkpoint, or give it a new directory"
        )
