"""A small pipeline of daily data: a span, the window that ends with it, and a push."""

from pathlib import Path

from tfx import v1 as tfx

from headrace.components.columnar_example_gen import ColumnarExampleGen
from headrace.components.spans import SpanWindow

component = tfx.dsl.components.component
Input, Output = tfx.dsl.components.InputArtifact, tfx.dsl.components.OutputArtifact
Examples = tfx.types.standard_artifacts.Examples
PushedModel = tfx.types.standard_artifacts.PushedModel

DAYS = Path(__file__).with_name("arriving")


@component
def Push(pushed_model: Output[PushedModel], window: Input[list[Examples]]) -> None:
    spans = [item.get_int_custom_property("span") for item in window]
    pushed_model.set_int_custom_property("pushed", 1)
    pushed_model.set_string_custom_property("pushed_destination", "/serving/spanned")
    pushed_model.set_string_custom_property("pushed_version", "-".join(map(str, spans)))


def create_pipeline() -> tfx.dsl.Pipeline:
    split = tfx.proto.Input.Split(name="rows", pattern="{YYYY}{MM}{DD}/*")
    gen = ColumnarExampleGen(
        input_base=str(DAYS),
        input_config=tfx.proto.Input(splits=[split]),
        span=tfx.dsl.experimental.RuntimeParameter(name="span", ptype=str, default=""),
    )
    window = tfx.dsl.Resolver(
        strategy_class=SpanWindow,
        config={"spans": 2},
        examples=gen.outputs["examples"],
        window=tfx.dsl.Channel(type=Examples, producer_component_id=gen.id),
    ).with_id("window")
    push = Push(window=window.outputs["window"])
    return tfx.dsl.Pipeline(
        pipeline_name="spanned", components=[gen, window, push], enable_cache=True
    )
