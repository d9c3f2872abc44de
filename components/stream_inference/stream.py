"""A stream of predictions, as a person describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import PredictionResult, RunInference

from headrace.components.stream_example_gen.files import as_lines, create_file
from headrace.components.stream_example_gen.journal import StreamError
from headrace.components.stream_example_gen.rows import RowFormat, check_columns
from headrace.components.stream_example_gen.source import ReadArriving
from headrace.components.stream_example_gen.staging import Block, block_path
from headrace.components.stream_example_gen.windows import Windows

from .serving import BlockHandler


@dataclass(frozen=True)
class InferenceStream:
    """Files that arrive in ``source`` are predicted by the newest model of ``serving``.

    ``directory``/predictions has a file of JSON lines for each of them, whole, and written once.

    Attributes:
        source: directory that is watched; files appear there complete.
        directory: the stream's own: predictions, bad rows, its journal.
        serving: directory that models are pushed to.
        columns: of each feature ``int``, ``float`` or ``bytes``; empty for files of tf.Examples.
        keys: features that stand beside a row's prediction.
        signature: of the model, which takes serialized tf.Examples.
        pattern: of the files' paths below ``source``.
        look_seconds: between two looks at ``source``, and at ``serving``.
    """

    source: str
    directory: str
    serving: str
    columns: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    signature: str = "serving_default"
    pattern: str = "*"
    look_seconds: float = 1.0

    def __post_init__(self) -> None:
        """Raise ``StreamError`` for what cannot be meant."""
        check_columns(self.columns)
        unknown = [key for key in self.keys if self.columns and key not in self.columns]
        if unknown:
            raise StreamError(f"keys that are no columns: {', '.join(unknown)}")

    def build(self, pipeline: beam.Pipeline, stop_after: int = 0) -> Any:
        """Add the stream's steps to a pipeline; gives the files of predictions.

        Args:
            stop_after: let it end after so many steps of its journal, for tests.
        """
        reader = ReadArriving(
            self.directory,
            self.pattern,
            RowFormat(dict(self.columns)),
            Windows(0),
            0,
            self.look_seconds,
            stop_after,
        )
        handler = BlockHandler(self.directory, self.serving, self.signature, self.look_seconds)
        return (
            pipeline
            | "Source" >> beam.Create([self.source])
            | "Read" >> beam.ParDo(reader)
            | "Unpredicted" >> beam.ParDo(_Unpredicted(self.directory))
            | "Predict" >> RunInference(handler)
            | "Write" >> beam.ParDo(_Write(self.directory, self.keys))
        )


class _Unpredicted(beam.DoFn):  # type: ignore[misc]
    """Passes on what has no predictions yet: after a failure blocks come again."""

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory)

    def process(self, element: tuple[int, Any]) -> Iterator[tuple[Any, ...]]:
        block = Block(*element[1])
        if _predictions(self._directory, block).exists():
            block_path(self._directory, block.name).unlink(missing_ok=True)
        else:
            yield tuple(block)


class _Write(beam.DoFn):  # type: ignore[misc]
    def __init__(self, directory: str, keys: tuple[str, ...]) -> None:
        self._directory, self._keys = Path(directory), keys

    def process(self, result: PredictionResult) -> Iterator[str]:
        block, examples = result.example
        lines = [
            {
                "file": block.file,
                "row": number,
                "keys": self._key(example),
                "model": result.model_id,
                "outputs": outputs,
            }
            for number, (example, outputs) in enumerate(
                zip(examples, result.inference, strict=True), 1
            )
        ]
        path = _predictions(self._directory, block)
        create_file(path, as_lines(lines))
        block_path(self._directory, block.name).unlink(missing_ok=True)
        yield str(path)

    def _key(self, example: bytes) -> dict[str, Any]:
        if not self._keys:
            return {}
        from tensorflow.core.example.example_pb2 import Example

        features = Example.FromString(example).features.feature
        return {key: _value(features[key]) for key in self._keys if key in features}


def _value(feature: Any) -> Any:
    kind = feature.WhichOneof("kind")
    values = list(getattr(feature, kind).value) if kind else []
    plain = [
        value.decode("utf-8", "replace") if kind == "bytes_list" else value for value in values
    ]
    return plain[0] if len(plain) == 1 else plain


def _predictions(directory: Path, block: Block) -> Path:
    return directory / "predictions" / f"{block.name}.jsonl"
