"""TFX component TextExampleGen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tfx import types
from tfx.components.example_gen import component as example_gen
from tfx.components.example_gen import utils
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types import standard_artifacts
from tfx.types import standard_component_specs as specs
from tfx.types.component_spec import ComponentSpec, ExecutionParameter

from .executor import SHAPE_KEY, Executor
from .lines import Shape


class TextExampleGenSpec(ComponentSpec):  # type: ignore[misc]
    """TFX's file-based ExampleGen, with the shape of a line."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        **specs.FileBasedExampleGenSpec.PARAMETERS,
        SHAPE_KEY: ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {}
    OUTPUTS = specs.FileBasedExampleGenSpec.OUTPUTS


class TextExampleGen(example_gen.FileBasedExampleGen):  # type: ignore[misc]
    """Reads lines of text into examples, by Beam's text source.

    Component ``outputs`` contains ``examples``, a channel of type ``standard_artifacts.Examples``:
    a text feature for each column of a line.
    """

    SPEC_CLASS = TextExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        input_base: str | Any | None = None,
        input_config: example_gen_pb2.Input | Any | None = None,
        output_config: example_gen_pb2.Output | Any | None = None,
        range_config: range_config_pb2.RangeConfig | Any | None = None,
        *,
        columns: Sequence[str] = ("text",),
        separator: str = "\t",
        allowed: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Construct the component.

        Args:
            input_base: directory, of any of Beam's file systems, that holds the files.
            input_config: splits of the input, as for CsvExampleGen.
            output_config: splits of the output. By default, for one input split, ``train`` and
                ``eval`` by hash, 2:1.
            range_config: which span is read.
            columns: of each line; the last one has the rest of the line.
            separator: stands between them.
            allowed: of columns with few values, which. A line with another one is a bad line.

        Raises:
            HeadraceError: one of them has no meaning.
        """
        input_config = input_config or utils.make_default_input_config()
        output_config = output_config or utils.make_default_output_config(input_config)
        values = {name: tuple(some) for name, some in (allowed or {}).items()}
        spec = TextExampleGenSpec(
            input_base=input_base,
            input_config=input_config,
            output_config=output_config,
            range_config=range_config,
            output_data_format=example_gen_pb2.FORMAT_TF_EXAMPLE,
            output_file_format=example_gen_pb2.FORMAT_TFRECORDS_GZIP,
            line_shape=Shape(tuple(columns), separator, values).as_json(),
            examples=types.Channel(type=standard_artifacts.Examples),
        )
        # Not FileBasedExampleGen's own, which makes a specification without the lines' shape.
        base_beam_component.BaseBeamComponent.__init__(self, spec=spec)
