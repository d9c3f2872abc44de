"""Every gate, around a model that is a word; the data is a file that a test writes."""

import os
from pathlib import Path

from tfx import v1 as tfx

from headrace.components.anomaly_gate import AnomalyGate
from headrace.components.retrain_gate import LiveModelStrategy, Policy, RetrainGate

HERE = Path(__file__).parent
STATE = Path(os.environ["HEADRACE_HOME"]) / "gated"
component = tfx.dsl.components.component
Parameter = tfx.dsl.components.Parameter
Input, Output = tfx.dsl.components.InputArtifact, tfx.dsl.components.OutputArtifact
artifacts = tfx.types.standard_artifacts


@component
def MakeModel(
    model: Output[artifacts.Model], examples: Input[artifacts.Examples], word: Parameter[str]
) -> None:
    folder = Path(model.uri, "Format-Serving")
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text(word)


@component
def Judge(
    blessing: Output[artifacts.ModelBlessing],
    model: Input[artifacts.Model],
    blessed: Parameter[int],
) -> None:
    blessing.set_int_custom_property("blessed", blessed)
    blessing.set_int_custom_property("current_model_id", model.id)


def parameter(name, ptype, default):
    return tfx.dsl.experimental.RuntimeParameter(name=name, ptype=ptype, default=default)


def create_pipeline() -> tfx.dsl.Pipeline:
    examples = tfx.components.CsvExampleGen(input_base=str(STATE / "data"))
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.ImportSchemaGen(schema_file=str(HERE / "gated_schema.pbtxt"))
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    clean = AnomalyGate(validator.outputs["anomalies"], examples.outputs["examples"])
    live = tfx.dsl.Resolver(
        strategy_class=LiveModelStrategy,
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
        policy=Policy(max_drift=0.3),
        force=parameter("retrain", int, 0),
    )
    gate.add_upstream_node(clean)
    with tfx.dsl.Cond(gate.retrain):
        model = MakeModel(examples=examples.outputs["examples"], word=parameter("word", str, "a"))
        judge = Judge(model=model.outputs["model"], blessed=parameter("blessed", int, 1))
        pusher = tfx.components.Pusher(
            model=model.outputs["model"],
            model_blessing=judge.outputs["blessing"],
            push_destination=tfx.proto.PushDestination(
                filesystem=tfx.proto.PushDestination.Filesystem(
                    base_directory=str(STATE / "serving")
                )
            ),
        )
    return tfx.dsl.Pipeline(
        pipeline_name="gated",
        components=[
            *(examples, statistics, schema, validator, clean, live, gate, model, judge, pusher)
        ],
        enable_cache=True,
    )
