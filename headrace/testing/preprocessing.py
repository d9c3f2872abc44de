"""Runs a ``preprocessing_fn`` on rows twice: all in a batch, as Transform, and each as a server.

What a server computes of a request is the saved graph, on that one row. It differs from what the
model was trained on where the function looks across the batch (``tf.reduce_mean`` in place of
``tft.mean``), or has Python's own state or chance in it.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pandas as pd
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from headrace.beam import quicken_beam
from headrace.errors import UsageError
from headrace.node.direct_runner import DirectRunner
from headrace.testing.rows import Rows, as_rows, is_list, to_examples
from headrace.testing.schemas import SCHEMA_FILE, SchemaLike, as_schema, schema_of_rows

PreprocessingFn = Callable[..., dict[str, Any]]
_ROW = "headrace_row"
"""A feature with the row's number, which goes past the author's function: Beam keeps no order."""


@dataclass(frozen=True)
class Skew:
    """A value that a server computes otherwise than Transform."""

    output: str
    row: int
    batch: Any
    serving: Any


@dataclass(frozen=True)
class Preprocessed:
    """What a ``preprocessing_fn`` has made of rows, in their order.

    Attributes:
        batch: by Transform, which had all rows: what a model is trained on.
        serving: by the saved graph, which had one row at a time and not what is not served.
        transform: TFT's own view of the graph: vocabularies, schemas.
    """

    batch: pd.DataFrame
    serving: pd.DataFrame
    transform: tft.TFTransformOutput

    def skew(self, tolerance: float = 1e-5) -> list[Skew]:
        """The values that differ; ``assert not preprocessed.skew()``.

        Outputs that a server does not compute, because they need what is not served, are none.

        Args:
            tolerance: of floats, relative, and absolute around 0.
        """
        return [
            Skew(name, row, batch, serving)
            for name in self.serving
            for row, (batch, serving) in enumerate(
                zip(self.batch[name], self.serving[name], strict=True)
            )
            if not _same(batch, serving, tolerance)
        ]


def preprocess(
    place: Path,
    preprocessing_fn: PreprocessingFn,
    rows: Rows,
    schema: SchemaLike | None = None,
    *,
    not_served: Collection[str] = (),
    custom_config: Mapping[str, Any] | None = None,
) -> Preprocessed:
    """Analyse and transform the rows, then transform each alone.

    Args:
        place: a directory for what it writes.
        schema: of the rows; by default what they show.
        not_served: columns that a request does not have, such as the label.
        custom_config: as of Transform, for a function that takes it.

    Raises:
        UsageError: there are no rows, or a column is not in the schema.
        Exception: whatever the function raises.
    """
    given = as_rows(rows)
    if not given:
        raise UsageError("there are no rows to preprocess")
    proto = schema_of_rows(given) if schema is None else as_schema(schema)
    spec = schema_utils.schema_as_feature_spec(proto).feature_spec
    unknown = sorted({*(name for row in given for name in row), *not_served} - set(spec))
    if unknown:
        raise UsageError(
            f"column {unknown[0]!r} is not in the schema", f"its features: {', '.join(spec)}"
        )
    if "custom_config" in inspect.signature(preprocessing_fn).parameters:
        preprocessing_fn = functools.partial(preprocessing_fn, custom_config=custom_config)
    batch, transform = _transform(place, preprocessing_fn, given, proto, spec)
    requests = [
        {name: value for name, value in row.items() if name not in not_served} for row in given
    ]
    served = {name: one for name, one in spec.items() if name not in not_served}
    return Preprocessed(batch, _serve(transform, requests, served), transform)


def _transform(
    place: Path,
    preprocessing_fn: PreprocessingFn,
    rows: list[dict[str, Any]],
    schema: schema_pb2.Schema,
    spec: Mapping[str, Any],
) -> tuple[pd.DataFrame, tft.TFTransformOutput]:
    def numbered(inputs: dict[str, Any]) -> dict[str, Any]:
        own = {name: one for name, one in inputs.items() if name != _ROW}
        return {**preprocessing_fn(own), _ROW: inputs[_ROW]}

    with_row = schema_pb2.Schema()
    with_row.CopyFrom(schema)
    with_row.feature.append(as_schema({_ROW: int}).feature[0])
    metadata = dataset_metadata.DatasetMetadata(with_row)
    instances = [
        {**{name: _instance(row.get(name), one) for name, one in spec.items()}, _ROW: [number]}
        for number, row in enumerate(rows)
    ]
    quicken_beam()
    output, found = str(place / "output"), _Found(place / "rows")
    with (
        # One batch, so that what looks across it is seen to.
        tft_beam.Context(temp_dir=str(place / "aside"), desired_batch_size=len(rows)),
        beam.Pipeline(runner=DirectRunner()) as pipeline,
    ):
        created = pipeline | beam.Create(instances)
        (data, _), function = (created, metadata) | tft_beam.AnalyzeAndTransformDataset(numbered)
        function | tft_beam.WriteTransformFn(output)
        raw = f"{output}/{tft.TFTransformOutput.RAW_METADATA_DIR}"
        dataset_metadata.DatasetMetadata(schema) | tft_beam.WriteMetadata(raw, pipeline)
        data | beam.Map(found.add)
    _forget_row(Path(output, tft.TFTransformOutput.TRANSFORMED_METADATA_DIR, SCHEMA_FILE))
    return found.frame(), tft.TFTransformOutput(output)


def _forget_row(schema_file: Path) -> None:
    """Leave no trace of the row's number in what the author sees of the transformed schema."""
    schema = as_schema(schema_file)
    kept = [feature for feature in schema.feature if feature.name != _ROW]
    del schema.feature[:]
    schema.feature.extend(kept)
    schema_file.write_text(text_format.MessageToString(schema), encoding="utf-8")


class _Found:
    """Collects what a Beam job puts out, in files, because a job has no way back to its caller."""

    def __init__(self, place: Path) -> None:
        self._place = place
        place.mkdir(parents=True)

    def add(self, row: dict[str, Any]) -> None:
        number = int(np.asarray(row[_ROW]).ravel()[0])
        kept = {name: _plain(value) for name, value in row.items() if name != _ROW}
        pd.to_pickle(kept, self._place / f"{number}.pickle")

    def frame(self) -> pd.DataFrame:
        files = sorted(self._place.iterdir(), key=lambda file: int(file.stem))
        rows = [pd.read_pickle(file) for file in files]
        return _frame({name: [row[name] for row in rows] for name in rows[0]})


def _serve(
    transform: tft.TFTransformOutput, rows: list[dict[str, Any]], spec: Mapping[str, Any]
) -> pd.DataFrame:
    layer = transform.transform_features_layer()
    serve = tf.function(
        lambda requests: layer(tf.io.parse_example(requests, spec)),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    answers: dict[str, list[Any]] = {}
    for example in to_examples(rows):
        request = tf.constant([example.SerializeToString()])
        for name, tensor in serve(request).items():
            answers.setdefault(name, []).append(_plain(_dense(tensor)))
    return _frame(answers)


def _frame(columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    def series(values: list[Any]) -> pd.Series[Any]:
        gaps = any(value is None or isinstance(value, list) for value in values)
        return pd.Series(values, dtype=object if gaps else None)

    return pd.DataFrame({name: series(columns[name]) for name in sorted(columns)})


def _dense(tensor: Any) -> Any:
    if isinstance(tensor, (tf.SparseTensor, tf.RaggedTensor)):
        return tensor.values.numpy()
    return tensor.numpy()


def _instance(value: Any, spec: Any) -> Any:
    """A row's value as TFT's dicts have it."""
    values = [] if value is None else list(value) if is_list(value) else [value]
    if isinstance(spec, tf.io.FixedLenFeature):
        if not values and spec.default_value is not None:
            values = list(np.ravel(spec.default_value))
        return values[0] if not spec.shape and values else values
    return values


def _plain(value: Any) -> Any:
    """A number or a text, a list of several, None for none."""
    items = [
        item.decode(errors="replace") if isinstance(item, bytes) else item
        for item in np.asarray(value).ravel().tolist()
    ]
    return items[0] if len(items) == 1 else items or None


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other, [tolerance] * len(one)))
    if isinstance(one, float) and isinstance(other, float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    return bool(one == other)
