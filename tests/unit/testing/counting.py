"""Components of the tests, in a module that every runner can import."""

from typing import ClassVar

import apache_beam as beam
import tensorflow as tf
from tfx import v1 as tfx
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import standard_artifacts
from tfx.types.channel import Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec

Examples = standard_artifacts.Examples
InputArtifact = tfx.dsl.components.InputArtifact
OutputArtifact = tfx.dsl.components.OutputArtifact
Parameter = tfx.dsl.components.Parameter


@tfx.dsl.components.component
def CountRows(
    examples: InputArtifact[Examples],
    count: OutputArtifact[standard_artifacts.Integer],
    least: Parameter[int] = 0,
):
    files = tf.io.gfile.glob(f"{examples.uri}/Split-*/*")
    count.value = sum(1 for _ in tf.data.TFRecordDataset(files, "GZIP"))
    if count.value < least:
        raise ValueError(f"{count.value} rows are fewer than {least}")


@tfx.dsl.components.component(use_beam=True)
def CountOnBeam(
    examples: InputArtifact[Examples],
    lines: OutputArtifact[standard_artifacts.String],
    pipeline: tfx.dsl.components.BeamComponentParameter[beam.Pipeline] = None,
):
    with pipeline as root:
        records = root | beam.io.ReadFromTFRecord(f"{examples.uri}/Split-*/*")
        counted = records | beam.combiners.Count.Globally()
        counted | beam.Map(in_words) | beam.io.WriteToText(lines.uri, shard_name_template="")


class _JoinExecutor(BaseExecutor):
    def Do(self, inputs, outputs, properties):
        [text] = outputs["text"]
        text.value = "+".join(str(one.read()) for one in inputs["counts"])


class _JoinSpec(ComponentSpec):
    INPUTS: ClassVar = {"counts": ChannelParameter(type=standard_artifacts.Integer)}
    OUTPUTS: ClassVar = {"text": ChannelParameter(type=standard_artifacts.String)}
    PARAMETERS: ClassVar = {}


class JoinCounts(BaseComponent):
    SPEC_CLASS = _JoinSpec
    EXECUTOR_SPEC = ExecutorClassSpec(_JoinExecutor)

    def __init__(self, counts):
        text = Channel(type=standard_artifacts.String)
        super().__init__(_JoinSpec(counts=counts, text=text))


def in_words(count):
    return f"{count} rows"
