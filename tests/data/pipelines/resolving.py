"""Resolvers of spans and of blessed models; cases are in tests/e2e."""

from pathlib import Path

from tfx import v1 as tfx
from tfx.utils import proto_utils

component = tfx.dsl.components.component
Parameter = tfx.dsl.components.Parameter
Input, Output = tfx.dsl.components.InputArtifact, tfx.dsl.components.OutputArtifact
Text = tfx.types.standard_artifacts.String
Examples = tfx.types.standard_artifacts.Examples
Model = tfx.types.standard_artifacts.Model
Blessing = tfx.types.standard_artifacts.ModelBlessing
Resolver = tfx.dsl.Resolver

DAYS = str(Path(__file__).with_name("days"))


@component
def ChooseSpan(range_config: Output[Text], span: Parameter[int]) -> None:
    static = tfx.proto.StaticRange(start_span_number=span, end_span_number=span)
    range_config.value = proto_utils.proto_to_json(tfx.proto.RangeConfig(static_range=static))


@component
def TellSpans(text: Output[Text], examples: Input[list[Examples]]) -> None:
    spans = sorted(item.get_int_custom_property("span") for item in examples)
    text.value = " ".join(map(str, spans))


@component
def MakeModel(model: Output[Model], word: Parameter[str]) -> None:
    Path(model.uri).mkdir(parents=True, exist_ok=True)
    Path(model.uri, "word").write_text(word)


@component
def Judge(blessing: Output[Blessing], model: Input[Model], blessed: Parameter[int]) -> None:
    blessing.set_int_custom_property("blessed", blessed)
    blessing.set_string_custom_property("current_model", model.uri)
    blessing.set_int_custom_property("current_model_id", model.id)


@component
def TellModel(text: Output[Text], model: Input[Model] = None) -> None:
    text.value = Path(model.uri, "word").read_text() if model else "none"


def _blessed(name, after):
    strategy = tfx.dsl.experimental.LatestBlessedModelStrategy
    found = Resolver(
        strategy_class=strategy,
        model=tfx.dsl.Channel(type=Model),
        model_blessing=tfx.dsl.Channel(type=Blessing),
    ).with_id(name)
    found.add_upstream_nodes(after)
    return found


def blessed() -> tfx.dsl.Pipeline:
    """The latest blessed model, where the newest is not blessed, and before there is one."""
    before = _blessed("Before", [])
    none = TellModel(model=before.outputs["model"]).with_id("TellBefore")
    good = MakeModel(word="good").with_id("Good")
    good.add_upstream_node(before)
    bad = MakeModel(word="bad").with_id("Bad")
    bad.add_upstream_node(good)
    judged = [
        Judge(model=good.outputs["model"], blessed=1).with_id("JudgeGood"),
        Judge(model=bad.outputs["model"], blessed=0).with_id("JudgeBad"),
    ]
    after = _blessed("After", judged)
    told = TellModel(model=after.outputs["model"])
    return tfx.dsl.Pipeline(
        pipeline_name="blessed", components=[before, none, good, bad, *judged, after, told]
    )


def _days(name, range_config=None):
    split = tfx.proto.Input.Split(name="rows", pattern="day{SPAN}/*")
    return tfx.components.CsvExampleGen(
        input_base=DAYS,
        input_config=tfx.proto.Input(splits=[split]),
        range_config=range_config,
    ).with_id(name)


def _rolling(name, spans, after):
    found = Resolver(
        strategy_class=tfx.dsl.experimental.SpanRangeStrategy,
        config={
            "range_config": tfx.proto.RangeConfig(
                rolling_range=tfx.proto.RollingRange(num_spans=spans)
            )
        },
        examples=tfx.dsl.Channel(type=Examples),
    ).with_id(name)
    found.add_upstream_nodes(after)
    return found


def spans() -> tfx.dsl.Pipeline:
    """Spans of the data: the newest, one that a node chooses, and resolvers of the newest."""
    chosen = ChooseSpan(span=1)
    range_config = chosen.outputs["range_config"].future()[0].value
    made = [_days("Newest"), _days("First", range_config)]
    one, two = _rolling("One", 1, made), _rolling("Two", 2, made)
    told = [
        TellSpans(examples=found.outputs["examples"]).with_id(f"Tell{found.id}")
        for found in (one, two)
    ]
    return tfx.dsl.Pipeline(pipeline_name="spans", components=[chosen, *made, one, two, *told])
