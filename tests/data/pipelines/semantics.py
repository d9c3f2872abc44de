"""A small pipeline for each of TFX's ways to lead from node to node; cases are in tests/e2e."""

from pathlib import Path

from tfx import v1 as tfx
from tfx.dsl.experimental.node_execution_options.utils import NodeExecutionOptions
from tfx.orchestration.pipeline import PipelineInputs
from tfx.proto.orchestration import pipeline_pb2

component = tfx.dsl.components.component
Parameter = tfx.dsl.components.Parameter
Input, Output = tfx.dsl.components.InputArtifact, tfx.dsl.components.OutputArtifact
Text = tfx.types.standard_artifacts.String
Number = tfx.types.standard_artifacts.Integer


@component
def Count(number: Output[Number], value: Parameter[int]) -> None:
    number.value = value


@component
def Write(text: Output[Text], word: Parameter[str]) -> None:
    if word == "fail":
        raise ValueError("told to fail")
    text.value = word


@component
def Append(text: Output[Text], to: Input[Text], word: Parameter[str]) -> None:
    text.value = f"{to.value} {word}"


@component
def Either(text: Output[Text], first: Input[Text], second: Input[Text] = None) -> None:
    text.value = f"{first.value} and {second.value if second else 'nothing'}"


@component
def Close(text: Output[Text]) -> None:
    text.value = "closed"


def _parameter(name, ptype, default):
    return tfx.dsl.experimental.RuntimeParameter(name=name, ptype=ptype, default=default)


def _greater(channel, bound):
    return channel.future()[0].value > bound


def conditional() -> tfx.dsl.Pipeline:
    """A condition, one inside of it, and nodes after them that need their outputs, or do not."""
    count = Count(value=_parameter("count", int, 0))
    base = Write(word="base").with_id("Base")
    with tfx.dsl.Cond(_greater(count.outputs["number"], 0)):
        taken = Append(to=base.outputs["text"], word="taken").with_id("Taken")
        with tfx.dsl.Cond(_greater(count.outputs["number"], 1)):
            inner = Append(to=taken.outputs["text"], word="inner").with_id("Inner")
    needs = Append(to=inner.outputs["text"], word="needed").with_id("Needs")
    may = Either(first=base.outputs["text"], second=inner.outputs["text"]).with_id("May")
    after = Write(word="after").with_id("AfterAll")
    after.add_upstream_node(inner)
    return tfx.dsl.Pipeline(
        pipeline_name="conditional",
        components=[count, base, taken, inner, needs, may, after],
        enable_cache=True,
    )


def nested() -> tfx.dsl.Pipeline:
    """Pipelines in pipelines, two deep, with inputs and outputs, and a node that has neither."""
    write = Write(word=_parameter("word", str, "start"))
    outer_inputs = PipelineInputs({"text": write.outputs["text"]})
    first = Append(to=outer_inputs["text"], word="outer")
    alone = Write(word="alone").with_id("Alone")
    inner_inputs = PipelineInputs({"text": first.outputs["text"]})
    deep = Append(to=inner_inputs["text"], word=_parameter("deep", str, "deep")).with_id("Deep")
    innermost = tfx.dsl.Pipeline(
        pipeline_name="innermost",
        components=[deep],
        inputs=inner_inputs,
        outputs={"text": deep.outputs["text"]},
        enable_cache=True,
    )
    outer = tfx.dsl.Pipeline(
        pipeline_name="outer",
        components=[first, alone, innermost],
        inputs=outer_inputs,
        outputs={"text": innermost.outputs["text"]},
        enable_cache=True,
    )
    last = Append(to=outer.outputs["text"], word="end").with_id("Last")
    return tfx.dsl.Pipeline(
        pipeline_name="nested", components=[write, outer, last], enable_cache=True
    )


def conditional_nested() -> tfx.dsl.Pipeline:
    """A whole pipeline under a condition."""
    count = Count(value=_parameter("count", int, 0))
    write = Write(word="given")
    with tfx.dsl.Cond(_greater(count.outputs["number"], 0)):
        inputs = PipelineInputs({"text": write.outputs["text"]})
        append = Append(to=inputs["text"], word="appended")
        alone = Write(word="alone").with_id("Alone")
        inner = tfx.dsl.Pipeline(
            pipeline_name="guarded",
            components=[append, alone],
            inputs=inputs,
            outputs={"text": append.outputs["text"]},
        )
    last = Append(to=inner.outputs["text"], word="end").with_id("Last")
    return tfx.dsl.Pipeline(
        pipeline_name="conditional_nested", components=[count, write, inner, last]
    )


def closing() -> tfx.dsl.Pipeline:
    """A last node that runs however the others ended."""
    write = Write(word=_parameter("word", str, "fine"))
    append = Append(to=write.outputs["text"], word="more")
    close = Close()
    close.add_upstream_nodes([write, append])
    strategies = pipeline_pb2.NodeExecutionOptions
    close.node_execution_options = NodeExecutionOptions(
        trigger_strategy=strategies.ALL_UPSTREAM_NODES_COMPLETED
    )
    return tfx.dsl.Pipeline(pipeline_name="closing", components=[write, append, close])


def driver_only() -> tfx.dsl.Pipeline:
    """Nodes without an executor: an artifact from outside, and the latest of them."""
    word = tfx.dsl.Importer(
        source_uri=str(Path(__file__).with_name("word.txt")), artifact_type=Text
    ).with_id("Word")
    latest = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestArtifactStrategy, text=word.outputs["result"]
    ).with_id("Latest")
    append = Append(to=latest.outputs["text"], word="found")
    return tfx.dsl.Pipeline(pipeline_name="driver_only", components=[word, latest, append])
