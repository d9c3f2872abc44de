"""A component of classes: executor and driver of one's own, and Beam arguments of one node."""

from typing import ClassVar

import apache_beam as beam
from apache_beam.options.pipeline_options import DebugOptions, PipelineOptions
from tfx import v1 as tfx
from tfx.dsl.components.base import base_driver
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.orchestration.portable import base_driver as portable_driver
from tfx.proto.orchestration.driver_output_pb2 import DriverOutput
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

Text = tfx.types.standard_artifacts.String
EXPERIMENTS = {"everywhere", "here"}


class TellSpec(ComponentSpec):
    INPUTS: ClassVar = {}
    PARAMETERS: ClassVar = {"word": ExecutionParameter(type=str)}
    OUTPUTS: ClassVar = {"text": ChannelParameter(type=Text)}


class Driver(base_driver.BaseDriver, portable_driver.BaseDriver):
    """Alters a parameter before the executor sees it; TFX wants both bases."""

    def __init__(self, metadata_handle) -> None:
        base_driver.BaseDriver.__init__(self, metadata_handle)
        portable_driver.BaseDriver.__init__(self, metadata_handle)

    def run(self, execution_info) -> DriverOutput:
        word = execution_info.exec_properties["word"]
        output = DriverOutput()
        output.exec_properties["word"].string_value = f"{word} driven"
        return output


class Executor(BaseBeamExecutor):
    """Writes the word, and which Beam arguments it was given, in a Beam job."""

    def Do(self, input_dict, output_dict, exec_properties) -> None:
        options = PipelineOptions(self._beam_pipeline_args).view_as(DebugOptions)
        given = [name for name in options.experiments or [] if name in EXPERIMENTS]
        words = [exec_properties["word"], *given]
        [text] = output_dict["text"]
        with self._make_beam_pipeline() as job:
            written = job | beam.Create([" ".join(words)]) | beam.Reshuffle()
            _ = written | beam.io.WriteToText(
                text.uri, shard_name_template="", append_trailing_newlines=False
            )


class Tell(BaseBeamComponent):
    SPEC_CLASS = TellSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver


def _tell(name):
    text = tfx.dsl.Channel(type=Text)
    return Tell(TellSpec(word=name.lower(), text=text)).with_id(name)


def own_classes() -> tfx.dsl.Pipeline:
    own = _tell("Own").with_beam_pipeline_args(["--experiments=here"])
    return tfx.dsl.Pipeline(
        pipeline_name="own_classes",
        components=[own, _tell("Other")],
        beam_pipeline_args=["--experiments=everywhere"],
    )
