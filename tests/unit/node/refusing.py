"""A component that fails when it has begun with what it puts out."""

from tfx import v1 as tfx

Output = tfx.dsl.components.OutputArtifact


@tfx.dsl.components.component
def Refusing(
    text: Output[tfx.types.standard_artifacts.String],
    model: Output[tfx.types.standard_artifacts.Model],
) -> None:
    text.value = "half"
    raise ValueError("there were no birds")
