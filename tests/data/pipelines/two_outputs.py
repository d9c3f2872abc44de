"""A node with outputs of two types, and one that reads both."""

from tfx import v1 as tfx

component = tfx.dsl.components.component
Text = tfx.types.standard_artifacts.String
Number = tfx.types.standard_artifacts.Integer


@component
def Both(
    text: tfx.dsl.components.OutputArtifact[Text],
    number: tfx.dsl.components.OutputArtifact[Number],
) -> None:
    text.value = "seven"
    number.value = 7


@component
def Read(
    text: tfx.dsl.components.InputArtifact[Text], number: tfx.dsl.components.InputArtifact[Number]
) -> None:
    assert (text.value, number.value) == ("seven", 7)


def create_pipeline() -> tfx.dsl.Pipeline:
    both = Both()
    read = Read(text=both.outputs["text"], number=both.outputs["number"])
    return tfx.dsl.Pipeline(pipeline_name="two_outputs", components=[both, read], enable_cache=True)
