"""One pipeline with each kind of node, edge and parameter that compiles; it is never run."""

from pathlib import Path

from tfx import v1 as tfx

RuntimeParameter = tfx.dsl.experimental.RuntimeParameter
MODULE_FILE = str(Path(__file__).parent / "user_code" / "birds_code.py")


@tfx.dsl.components.component
def Announce(
    text: tfx.dsl.components.Parameter[str],
    times: tfx.dsl.components.Parameter[int],
    volume: tfx.dsl.components.Parameter[float],
    aloud: tfx.dsl.components.Parameter[int],
    news: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.String],
) -> None:
    news.value = text * times


def create_pipeline() -> tfx.dsl.Pipeline:
    examples = tfx.components.CsvExampleGen(input_base="/data/birds")
    statistics = tfx.components.StatisticsGen(
        examples=examples.outputs["examples"]
    ).with_beam_pipeline_args(["--direct_num_workers=2"])
    schema = tfx.dsl.Importer(
        source_uri="/data/schema", artifact_type=tfx.types.standard_artifacts.Schema
    ).with_id("schema_importer")
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["result"],
        module_file=MODULE_FILE,
    )
    latest = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestArtifactStrategy,
        base_model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
    ).with_id("latest_model")
    trainer = tfx.components.Trainer(
        module_file=MODULE_FILE,
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        base_model=latest.outputs["base_model"],
        train_args=RuntimeParameter(name="train_args", ptype=str, default='{"num_steps": 10}'),
        eval_args=tfx.proto.EvalArgs(num_steps=5),
    )
    trainer.add_upstream_node(statistics)
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        eval_config=RuntimeParameter(name="eval_config", ptype=str),
    )
    blessed = evaluator.outputs["blessing"].future()[0].custom_property("blessed") == 1
    with tfx.dsl.Cond(blessed):
        pusher = tfx.components.Pusher(
            model=trainer.outputs["model"],
            push_destination=tfx.proto.PushDestination(
                filesystem=tfx.proto.PushDestination.Filesystem(base_directory="/serving/birds")
            ),
        )
        announce = Announce(
            text=RuntimeParameter(name="text", ptype=str, default=""),
            times=RuntimeParameter(name="times", ptype=int, default=0),
            volume=RuntimeParameter(name="volume", ptype=float, default=0.5),
            aloud=RuntimeParameter(name="aloud", ptype=int, default=True),
        )
    return tfx.dsl.Pipeline(
        pipeline_name="every_kind",
        components=[
            examples, statistics, schema, transform, latest, trainer, evaluator, pusher, announce,
        ],
        enable_cache=True,
        beam_pipeline_args=["--direct_running_mode=in_memory"],
    )  # fmt: skip
