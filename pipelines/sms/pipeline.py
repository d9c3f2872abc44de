"""SMS: from lines of text to a model that names spam, and to predictions as lines of text.

Plain TFX: it runs under headrace, and under TFX's own LocalDagRunner, unchanged.
"""

from __future__ import annotations

import os
from pathlib import Path

import tensorflow_model_analysis as tfma
from tfx import v1 as tfx

from components.text_example_gen import TextExampleGen
from components.text_predictions import TextPredictions
from pipelines.hyperparameters import Hyperparameters
from pipelines.sms import data, features

NAME = "sms"
HERE = Path(__file__).resolve().parent
STATE = Path(os.environ.get("HEADRACE_HOME") or HERE.parents[1] / ".headrace")

AUC_AT_LEAST = 0.95
"""Of precision and recall. Chance reaches the share of spam, 747 of 5,572 messages: 0.13."""


def create_pipeline(
    data_root: str | None = None,
    pipeline_root: str | None = None,
    serving_directory: str | None = None,
    metadata_connection_config: object | None = None,
    beam_pipeline_args: list[str] | None = None,
    name: str = NAME,
    auc_at_least: float = AUC_AT_LEAST,
) -> tfx.dsl.Pipeline:
    """Return the pipeline.

    Args:
        data_root: a directory, of any of Beam's file systems, with files of lines alone: "ham" or
            "spam", a tab, and the text; by default they are prepared from textdescriptives.
        serving_directory: where a blessed model is pushed; by default below ``pipeline_root``, or
            below the project's state directory if that is not given either.
        name: the pipeline's; runs and artifacts are kept by it.
        auc_at_least: what Evaluator asks for.
    """
    data_root = data_root or str(data.stage(STATE / "data" / NAME))
    if serving_directory is None:
        serving_directory = os.path.join(pipeline_root or str(STATE), "serving", name)

    examples = TextExampleGen(
        input_base=data_root,
        columns=(features.LABEL, features.TEXT),
        allowed={features.LABEL: (features.HAM, features.SPAM)},
        output_config=tfx.proto.Output(
            split_config=tfx.proto.SplitConfig(
                splits=[
                    tfx.proto.SplitConfig.Split(name="train", hash_buckets=2),
                    tfx.proto.SplitConfig.Split(name="eval", hash_buckets=1),
                ],
                # One message, sent twice, is in one split.
                partition_feature_name=features.TEXT,
            )
        ),
    )
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.ImportSchemaGen(schema_file=str(HERE / "schema" / "schema.pbtxt"))
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="pipelines.sms.preprocessing.preprocessing_fn",
    )
    hyperparameters = Hyperparameters(
        epochs=tfx.dsl.experimental.RuntimeParameter(name="epochs", ptype=int, default=8),
        learning_rate=tfx.dsl.experimental.RuntimeParameter(
            name="learning_rate", ptype=float, default=0.005
        ),
    )
    trainer = tfx.components.Trainer(
        run_fn="pipelines.sms.model.run_fn",
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
        eval_config=eval_config(auc_at_least),
        example_splits=["eval"],
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=serving_directory)
        ),
    )
    components = [
        examples,
        statistics,
        schema,
        validator,
        transform,
        hyperparameters,
        trainer,
        evaluator,
        pusher,
    ]
    # No lines of a model that is not good enough.
    blessed = evaluator.outputs["blessing"].future()[0].custom_property("blessed") == 1
    with tfx.dsl.Cond(blessed):
        inferrer = tfx.components.BulkInferrer(
            examples=examples.outputs["examples"],
            model=trainer.outputs["model"],
            data_spec=tfx.proto.DataSpec(example_splits=["eval"]),
            output_example_spec=scores(),
        )
        predictions = TextPredictions(inferrer.outputs["output_examples"], word=features.WORD)
        components += [inferrer, predictions]
    return tfx.dsl.Pipeline(
        pipeline_name=name,
        pipeline_root=pipeline_root,
        metadata_connection_config=metadata_connection_config,
        components=components,
        enable_cache=True,
        beam_pipeline_args=beam_pipeline_args,
    )


def scores() -> tfx.proto.OutputExampleSpec:
    """The messages, each with the model's answer as a further feature, ``score``."""
    column = tfx.proto.PredictOutputCol(output_key="score", output_column="score")
    return tfx.proto.OutputExampleSpec(
        output_columns_spec=[
            tfx.proto.OutputColumnsSpec(
                predict_output=tfx.proto.PredictOutput(output_columns=[column])
            )
        ]
    )


def eval_config(auc_at_least: float) -> tfma.EvalConfig:
    """The area under precision and recall, which must be good enough, and what stands beside it."""
    auc = tfma.MetricConfig(
        class_name="AUCPrecisionRecall",
        threshold=tfma.MetricThreshold(
            value_threshold=tfma.GenericValueThreshold(lower_bound={"value": auc_at_least})
        ),
    )
    others = ("Precision", "Recall", "BinaryAccuracy", "ExampleCount")
    return tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name="evaluate",
                preprocessing_function_names=["transform_features"],
                label_key=features.transformed(features.LABEL),
            )
        ],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[auc, *(tfma.MetricConfig(class_name=name) for name in others)]
            )
        ],
        slicing_specs=[tfma.SlicingSpec()],
    )
