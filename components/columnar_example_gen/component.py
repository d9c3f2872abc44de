"""TFX component ColumnarExampleGen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.example_gen import component as example_gen
from tfx.components.example_gen import utils
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from headrace.errors import HeadraceError

from . import options
from .driver import Driver
from .executor import Executor


class ColumnarExampleGenSpec(ComponentSpec):  # type: ignore[misc]
    """TFX's file-based ExampleGen, with what is asked of the reader."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **specs.FileBasedExampleGenSpec.PARAMETERS,
        options.INPUT_FORMAT_KEY: ExecutionParameter(type=str),
        options.TEXT_OPTIONS_KEY: ExecutionParameter(type=str, optional=True),
        options.BAD_ROWS_KEY: ExecutionParameter(type=str),
        options.BAD_ROWS_LIMIT_KEY: ExecutionParameter(type=int),
        options.COMPRESSION_KEY: ExecutionParameter(type=str),
        options.GIVEN_SCHEMA_KEY: ExecutionParameter(type=schema_pb2.Schema, optional=True),
        options.SPAN_KEY: ExecutionParameter(type=str, optional=True),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        specs.SCHEMA_KEY: ChannelParameter(type=standard_artifacts.Schema, optional=True),
    }
    OUTPUTS = specs.FileBasedExampleGenSpec.OUTPUTS


class ColumnarExampleGen(example_gen.FileBasedExampleGen):  # type: ignore[misc]
    """Reads files into examples, as CsvExampleGen does, by columns in place of rows.

    See docs/columnar_example_gen.md. Component ``outputs`` contains ``examples``, a channel of type
    ``standard_artifacts.Examples``.
    """

    SPEC_CLASS = ColumnarExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(
        self,
        input_base: str | Any | None = None,
        input_config: example_gen_pb2.Input | Any | None = None,
        output_config: example_gen_pb2.Output | Any | None = None,
        range_config: range_config_pb2.RangeConfig | Any | None = None,
        *,
        span: str | Any | None = None,
        schema: types.BaseChannel | schema_pb2.Schema | None = None,
        input_format: str | Any = "auto",
        text_options: Mapping[str, Any] | None = None,
        bad_rows: str | Any = "fail",
        bad_rows_limit: int | Any | None = None,
        output_data_format: int = example_gen_pb2.FORMAT_TF_EXAMPLE,
        compression: str | Any = "gzip",
    ) -> None:
        """Construct the component.

        Args:
            input_base: directory, of any of Beam's file systems, that holds the files.
            input_config: splits of the input, as for CsvExampleGen: patterns with spans, versions
                and dates. By default everything below ``input_base`` is one split.
            output_config: splits of the output. By default, for one input split, ``train`` and
                ``eval`` by hash, 2:1.
            range_config: which span is read.
            span: the same as a text, so that a run can say it: a date (20130105, or 2013-01-05)
                where the patterns have dates, else a number; empty for the newest.
            schema: the kinds of the columns that it names: a channel of a Schema artifact, or a
                schema. Kinds of other columns are inferred.
            input_format: "csv", "tsv", "jsonl", "text", "parquet", "arrow", "tfrecord", or "auto",
                by the files' names.
            text_options: of text formats: "encoding", and of CSV and TSV "delimiter", "quote",
                "column_names" (for files without a header) and "nulls".
            bad_rows: "fail" at the first bad row, "quarantine" them beside the examples, or "skip".
            bad_rows_limit: more bad rows fail the component; "skip" needs one.
            output_data_format: FORMAT_TF_EXAMPLE, or FORMAT_PARQUET for columns; of TFRecords also
                what they hold, as payload_format of ImportExampleGen.
            compression: of TFRecords, "gzip" or "none".

        Raises:
            HeadraceError: one of them has no meaning.
        """
        input_config = input_config or utils.make_default_input_config()
        output_config = output_config or utils.make_default_output_config(input_config)
        is_channel = isinstance(schema, types.BaseChannel)
        is_parquet = output_data_format == example_gen_pb2.FORMAT_PARQUET
        reading = {
            options.INPUT_FORMAT_KEY: input_format,
            options.BAD_ROWS_KEY: bad_rows,
            options.BAD_ROWS_LIMIT_KEY: (
                options.NO_LIMIT if bad_rows_limit is None else bad_rows_limit
            ),
            options.COMPRESSION_KEY: compression,
        }
        written = {specs.OUTPUT_DATA_FORMAT_KEY: output_data_format}
        options.check({**reading, **written}, text_options or {})
        if span is not None and range_config is not None:
            raise HeadraceError("span and range_config both say which span is read", "give one")
        spec = ColumnarExampleGenSpec(
            input_base=input_base,
            input_config=input_config,
            output_config=output_config,
            range_config=range_config,
            **written,
            output_file_format=(
                example_gen_pb2.FILE_FORMAT_PARQUET
                if is_parquet
                else example_gen_pb2.FORMAT_TFRECORDS_GZIP
            ),
            text_options=json.dumps(text_options) if text_options else None,
            **reading,
            span_to_read=span,
            given_schema=None if is_channel else schema,
            schema=schema if is_channel else None,
            examples=types.Channel(type=standard_artifacts.Examples),
        )
        # Not FileBasedExampleGen's own, which makes a specification without the reader's options.
        base_beam_component.BaseBeamComponent.__init__(self, spec=spec)
