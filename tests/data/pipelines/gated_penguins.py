"""Penguins, trained anew only where there is a reason; a model is judged beside the live one."""

import os
from pathlib import Path

from tfx import v1 as tfx

from headrace.components.retrain_gate import (
    LiveEvaluator,
    LiveModelStrategy,
    MetricLimit,
    Policy,
    RetrainGate,
)
from pipelines.hyperparameters import Hyperparameters
from pipelines.penguins import data
from pipelines.penguins.pipeline import eval_config

artifacts = tfx.types.standard_artifacts
STATE = Path(os.environ["HEADRACE_HOME"])
NAME = "gated_penguins"


def _parameter(name, ptype, default):
    return tfx.dsl.experimental.RuntimeParameter(name=name, ptype=ptype, default=default)


def create_pipeline() -> tfx.dsl.Pipeline:
    examples = tfx.components.CsvExampleGen(input_base=str(data.stage(STATE / "data" / NAME)))
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    live = tfx.dsl.Resolver(
        strategy_class=LiveModelStrategy,
        model=tfx.dsl.Channel(type=artifacts.Model),
        pushed_model=tfx.dsl.Channel(type=artifacts.PushedModel),
        # Transform has statistics of its own.
        statistics=tfx.dsl.Channel(
            type=artifacts.ExampleStatistics, producer_component_id=statistics.id
        ),
        evaluation=tfx.dsl.Channel(type=artifacts.ModelEvaluation),
    ).with_id("live_model")
    live_evaluator = LiveEvaluator(
        examples=examples.outputs["examples"],
        model=live.outputs["model"],
        eval_config=eval_config(),
    )
    gate = RetrainGate(
        statistics=statistics.outputs["statistics"],
        model=live.outputs["model"],
        live_statistics=live.outputs["statistics"],
        evaluation=live_evaluator.outputs["evaluation"],
        live_evaluation=live.outputs["evaluation"],
        policy=Policy(
            max_age_days=30,
            metrics=(MetricLimit("sparse_categorical_accuracy", max_decay=0.02),),
        ),
        force=_parameter("retrain", int, 0),
    )
    with tfx.dsl.Cond(gate.retrain):
        transform = tfx.components.Transform(
            examples=examples.outputs["examples"],
            schema=schema.outputs["schema"],
            preprocessing_fn="pipelines.penguins.preprocessing.preprocessing_fn",
        )
        hyperparameters = Hyperparameters(
            epochs=_parameter("epochs", int, 10),
            learning_rate=_parameter("learning_rate", float, 0.02),
        )
        trainer = tfx.components.Trainer(
            run_fn="pipelines.penguins.model.run_fn",
            examples=transform.outputs["transformed_examples"],
            transform_graph=transform.outputs["transform_graph"],
            schema=schema.outputs["schema"],
            hyperparameters=hyperparameters.outputs["hyperparameters"],
            train_args=tfx.proto.TrainArgs(splits=["train"]),
            eval_args=tfx.proto.EvalArgs(splits=["eval"]),
        )
        evaluator = tfx.components.Evaluator(
            examples=examples.outputs["examples"],
            model=trainer.outputs["model"],
            baseline_model=live.outputs["model"],
            eval_config=eval_config(),
        )
        pusher = tfx.components.Pusher(
            model=trainer.outputs["model"],
            model_blessing=evaluator.outputs["blessing"],
            push_destination=tfx.proto.PushDestination(
                filesystem=tfx.proto.PushDestination.Filesystem(
                    base_directory=str(STATE / "serving" / NAME)
                )
            ),
        )
    return tfx.dsl.Pipeline(
        pipeline_name=NAME,
        components=[
            *(examples, statistics, schema, live, live_evaluator, gate, transform),
            *(hyperparameters, trainer, evaluator, pusher),
        ],
        enable_cache=True,
    )
