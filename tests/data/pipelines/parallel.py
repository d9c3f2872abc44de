"""Two nodes that wait for each other, and one that needs both."""

import os
import time

from tfx import v1 as tfx

component = tfx.dsl.components.component
Parameter = tfx.dsl.components.Parameter
Text = tfx.types.standard_artifacts.String


@component
def Meet(
    here: tfx.dsl.components.OutputArtifact[Text], me: Parameter[str], other: Parameter[str]
) -> None:
    folder = os.environ["MEETING_PLACE"]
    if os.path.exists(os.path.join(folder, f"{me}-fails")):
        raise ValueError(f"{me} was told to fail")
    open(os.path.join(folder, me), "w").close()
    deadline = time.monotonic() + 60
    while not os.path.exists(os.path.join(folder, other)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{me} waited for {other} in vain")
        time.sleep(0.02)
    here.value = me


@component
def After(
    left: tfx.dsl.components.InputArtifact[Text], right: tfx.dsl.components.InputArtifact[Text]
) -> None:
    print(f"{left.value} and {right.value} have met")


def create_pipeline() -> tfx.dsl.Pipeline:
    left = Meet(me="left", other="right").with_id("Left")
    right = Meet(me="right", other="left").with_id("Right")
    after = After(left=left.outputs["here"], right=right.outputs["here"])
    return tfx.dsl.Pipeline(pipeline_name="parallel", components=[left, right, after])
