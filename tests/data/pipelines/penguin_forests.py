"""Forests of penguins, on raw and on transformed examples, and what takes models after them."""

from __future__ import annotations

import os
from pathlib import Path

import tensorflow_model_analysis as tfma
from tfx import v1 as tfx

from components.columnar_example_gen import ColumnarExampleGen
from components.forest_trainer import ForestTrainer, ForestTuner
from pipelines.penguins import data

STATE = Path(os.environ["HEADRACE_HOME"])


def create_pipeline(pipeline_root: str | None = None) -> tfx.dsl.Pipeline:
    examples = ColumnarExampleGen(input_base=str(data.stage(STATE / "data" / "penguins")))
    raw = examples.outputs["examples"]
    statistics = tfx.components.StatisticsGen(examples=raw)
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    transform = tfx.components.Transform(
        examples=raw,
        schema=schema.outputs["schema"],
        preprocessing_fn="pipelines.penguins.preprocessing.preprocessing_fn",
    )
    tuner = ForestTuner(
        raw,
        label="species",
        task="multiclass",
        schema=schema.outputs["schema"],
        space={"max_depth": [1, 4], "num_trees": [1, 20]},
        trials=4,
    )
    of_raw = ForestTrainer(
        raw,
        label="species",
        task="multiclass",
        schema=schema.outputs["schema"],
        tuned=tuner.outputs["best_hyperparameters"],
    ).with_id("ForestTrainer.raw")
    of_transformed = ForestTrainer(
        transform.outputs["transformed_examples"],
        label="species_xf",
        task="multiclass",
        transform_graph=transform.outputs["transform_graph"],
        algorithm="random_forest",
        num_trees=tfx.dsl.experimental.RuntimeParameter(name="trees", ptype=int, default=50),
    ).with_id("ForestTrainer.transformed")
    evaluations = [
        _evaluator(raw, trainer).with_id(trainer.id.replace("ForestTrainer", "Evaluator"))
        for trainer in (of_raw, of_transformed)
    ]
    inferrer = tfx.components.BulkInferrer(
        examples=raw,
        model=of_transformed.outputs["model"],
        model_blessing=evaluations[1].outputs["blessing"],
        data_spec=tfx.proto.DataSpec(example_splits=["eval"]),
    )
    pusher = tfx.components.Pusher(
        model=of_raw.outputs["model"],
        model_blessing=evaluations[0].outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(
                base_directory=os.path.join(pipeline_root or str(STATE), "serving", "forests")
            )
        ),
    )
    trained = [tuner, of_raw, of_transformed, *evaluations, inferrer, pusher]
    return tfx.dsl.Pipeline(
        pipeline_name="penguin_forests",
        pipeline_root=pipeline_root,
        components=[examples, statistics, schema, transform, *trained],
        enable_cache=True,
    )


def _evaluator(examples, trainer) -> tfx.components.Evaluator:
    accuracy = tfma.MetricConfig(
        class_name="SparseCategoricalAccuracy",
        threshold=tfma.MetricThreshold(
            value_threshold=tfma.GenericValueThreshold(lower_bound={"value": 0.85})
        ),
    )
    return tfx.components.Evaluator(
        examples=examples,
        model=trainer.outputs["model"],
        eval_config=tfma.EvalConfig(
            model_specs=[
                tfma.ModelSpec(
                    signature_name="evaluate",
                    preprocessing_function_names=["label"],
                    label_key="label",
                )
            ],
            metrics_specs=[tfma.MetricsSpec(metrics=[accuracy])],
            slicing_specs=[tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=["island"])],
        ),
        example_splits=["eval"],
    )
