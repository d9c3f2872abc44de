"""One node of each kind that runs of a pipeline may race on: what is imported, found and cached."""

from pathlib import Path

from tfx import v1 as tfx

component = tfx.dsl.components.component
Text = tfx.types.standard_artifacts.String


@component
def Make(text: tfx.dsl.components.OutputArtifact[Text]) -> None:
    text.value = "made"


@component
def Use(
    longer: tfx.dsl.components.OutputArtifact[Text],
    text: tfx.dsl.components.InputArtifact[Text],
) -> None:
    longer.value = f"{text.value} and used"


def create_pipeline() -> tfx.dsl.Pipeline:
    word = tfx.dsl.Importer(
        source_uri=str(Path(__file__).with_name("word.txt")), artifact_type=Text
    ).with_id("Word")
    found = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestArtifactStrategy,
        text=tfx.dsl.Channel(type=Text),
    ).with_id("Newest")
    made = Make()
    used = Use(text=made.outputs["text"])
    return tfx.dsl.Pipeline(
        pipeline_name="racing", components=[word, found, made, used], enable_cache=True
    )
