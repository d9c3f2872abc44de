"""Penguins: from the birds' measurements to a pushed model that names their species.

Plain TFX: it runs under headrace, and under TFX's own LocalDagRunner, unchanged.
"""

from __future__ import annotations

import os
from pathlib import Path

import tensorflow_model_analysis as tfma
from tfx import v1 as tfx

from pipelines.hyperparameters import Hyperparameters
from pipelines.penguins import data, features

NAME = "penguins"
HERE = Path(__file__).resolve().parent
STATE = Path(os.environ.get("HEADRACE_HOME") or HERE.parents[1] / ".headrace")

ACCURACY_AT_LEAST = 0.85
"""Twice what always naming the most frequent species reaches (152 of 344 birds: 0.44)."""


def create_pipeline(
    data_root: str | None = None,
    pipeline_root: str | None = None,
    serving_directory: str | None = None,
    metadata_connection_config: object | None = None,
    beam_pipeline_args: list[str] | None = None,
    name: str = NAME,
    tune: bool = False,
    trials: int = 6,
    parallel_trials: int = 1,
) -> tfx.dsl.Pipeline:
    """Return the pipeline.

    Args:
        data_root: a directory with the CSV alone; by default it is staged from palmerpenguins.
        serving_directory: where a blessed model is pushed; by default below ``pipeline_root``, or
            below the project's state directory if that is not given either.
        name: the pipeline's; runs and artifacts are kept by it.
        tune: Tuner chooses the hyperparameters, in place of run parameters.
        trials: how many of them it tries; there are six to choose from.
        parallel_trials: so many at once; more than 1 only under headrace.
    """
    data_root = data_root or str(data.stage(STATE / "data" / NAME))
    if serving_directory is None:
        serving_directory = os.path.join(pipeline_root or str(STATE), "serving", name)

    examples = tfx.components.CsvExampleGen(
        input_base=data_root,
        output_config=tfx.proto.Output(
            split_config=tfx.proto.SplitConfig(
                splits=[
                    tfx.proto.SplitConfig.Split(name="train", hash_buckets=2),
                    tfx.proto.SplitConfig.Split(name="eval", hash_buckets=1),
                ]
            )
        ),
    )
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="pipelines.penguins.preprocessing.preprocessing_fn",
    )
    if tune:
        hyperparameters = tfx.components.Tuner(
            tuner_fn="pipelines.penguins.tuning.tuner_fn",
            examples=transform.outputs["transformed_examples"],
            transform_graph=transform.outputs["transform_graph"],
            train_args=tfx.proto.TrainArgs(splits=["train"]),
            eval_args=tfx.proto.EvalArgs(splits=["eval"]),
            custom_config={"trials": trials},
            tune_args=tfx.proto.TuneArgs(num_parallel_trials=parallel_trials)
            if parallel_trials > 1
            else None,
        )
        chosen = hyperparameters.outputs["best_hyperparameters"]
    else:
        hyperparameters = Hyperparameters(
            epochs=tfx.dsl.experimental.RuntimeParameter(name="epochs", ptype=int, default=40),
            learning_rate=tfx.dsl.experimental.RuntimeParameter(
                name="learning_rate", ptype=float, default=0.01
            ),
        )
        chosen = hyperparameters.outputs["hyperparameters"]
    trainer = tfx.components.Trainer(
        run_fn="pipelines.penguins.model.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        hyperparameters=chosen,
        train_args=tfx.proto.TrainArgs(splits=["train"]),
        eval_args=tfx.proto.EvalArgs(splits=["eval"]),
    )
    baseline = tfx.dsl.Resolver(
        strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
        model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    ).with_id("latest_blessed_model_resolver")
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        eval_config=eval_config(),
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
            transform,
            hyperparameters,
            trainer,
            baseline,
            evaluator,
            pusher,
        ],
        enable_cache=True,
        beam_pipeline_args=beam_pipeline_args,
    )


def eval_config() -> tfma.EvalConfig:
    """Accuracy overall, by island and by sex; good enough, and no worse than the model before."""
    accuracy = tfma.MetricConfig(
        class_name="SparseCategoricalAccuracy",
        threshold=tfma.MetricThreshold(
            value_threshold=tfma.GenericValueThreshold(lower_bound={"value": ACCURACY_AT_LEAST}),
            # A few birds more or less wrong of 140 are chance, not a worse model.
            change_threshold=tfma.GenericChangeThreshold(
                direction=tfma.MetricDirection.HIGHER_IS_BETTER, absolute={"value": -0.03}
            ),
        ),
    )
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name="evaluate",
                preprocessing_function_names=["transform_features"],
                label_key=features.transformed(features.LABEL),
            )
        ],
        metrics_specs=[
            tfma.MetricsSpec(metrics=[accuracy, tfma.MetricConfig(class_name="ExampleCount")])
        ],
        slicing_specs=[
            tfma.SlicingSpec(),
            tfma.SlicingSpec(feature_keys=["island"]),
            tfma.SlicingSpec(feature_keys=["sex"]),
        ],
    )
