"""Days of data, a model where there is a reason, which is a word, and a push."""

from tfx import v1 as tfx

from headrace.components.columnar_example_gen import ColumnarExampleGen
from headrace.components.retrain_gate import LiveModelBefore, Policy, RetrainGate
from tests.data.pipelines import gated

NAME = "gated_days"
STATE = gated.STATE.with_name(NAME)
artifacts = tfx.types.standard_artifacts


def create_pipeline() -> tfx.dsl.Pipeline:
    split = tfx.proto.Input.Split(name="train", pattern="{YYYY}{MM}{DD}/*")
    examples = ColumnarExampleGen(
        input_base=str(STATE / "days"),
        input_config=tfx.proto.Input(splits=[split]),
        span=gated.parameter("span", str, ""),
    )
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    live = tfx.dsl.Resolver(
        strategy_class=LiveModelBefore,
        examples=examples.outputs["examples"],
        model=tfx.dsl.Channel(type=artifacts.Model),
        pushed_model=tfx.dsl.Channel(type=artifacts.PushedModel),
        statistics=tfx.dsl.Channel(
            type=artifacts.ExampleStatistics, producer_component_id=statistics.id
        ),
    ).with_id("live_model")
    gate = RetrainGate(
        statistics=statistics.outputs["statistics"],
        model=live.outputs["model"],
        live_statistics=live.outputs["statistics"],
        policy=Policy(max_drift=0.3, max_age_spans=2),
        force=gated.parameter("retrain", int, 0),
    )
    with tfx.dsl.Cond(gate.retrain):
        model = gated.MakeModel(
            examples=examples.outputs["examples"], word=gated.parameter("word", str, "a")
        )
        pusher = tfx.components.Pusher(
            model=model.outputs["model"],
            push_destination=tfx.proto.PushDestination(
                filesystem=tfx.proto.PushDestination.Filesystem(
                    base_directory=str(STATE / "serving")
                )
            ),
        )
    return tfx.dsl.Pipeline(
        pipeline_name=NAME,
        components=[examples, statistics, live, gate, model, pusher],
        enable_cache=True,
    )
