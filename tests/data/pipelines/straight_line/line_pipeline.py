"""A pipeline in the style of TFX's own examples: flags, required arguments, a module_file.

It has what they have of Keras: Tuner, Trainer, Evaluator, BulkInferrer and Pusher. A second Trainer
names its user code by module and function.
"""

import os

import tensorflow_model_analysis as tfma
from absl import flags
from tfx import v1 as tfx

flags.DEFINE_string("line_data", "data", "Directory of the examples, beside this file.")

_HERE = os.path.dirname(os.path.abspath(__file__))


def _create_pipeline(pipeline_name, data_root, module_file, serving_model_dir):
    example_gen = tfx.components.CsvExampleGen(input_base=data_root)
    schema_gen = tfx.components.ImportSchemaGen(schema_file=os.path.join(_HERE, "schema.pbtxt"))
    tuner = tfx.components.Tuner(
        module_file=module_file,
        examples=example_gen.outputs["examples"],
        train_args=tfx.proto.TrainArgs(num_steps=20),
        eval_args=tfx.proto.EvalArgs(num_steps=2),
    )
    trainer = tfx.components.Trainer(
        module_file=module_file,
        examples=example_gen.outputs["examples"],
        hyperparameters=tuner.outputs["best_hyperparameters"],
        train_args=tfx.proto.TrainArgs(num_steps=50),
        eval_args=tfx.proto.EvalArgs(num_steps=2),
    )
    by_function = tfx.components.Trainer(
        run_fn="line_utils.run_fn",
        examples=example_gen.outputs["examples"],
        schema=schema_gen.outputs["schema"],
        hyperparameters=tuner.outputs["best_hyperparameters"],
        train_args=tfx.proto.TrainArgs(num_steps=2),
        eval_args=tfx.proto.EvalArgs(num_steps=2),
    ).with_id("Trainer.by_function")
    bound = tfma.GenericValueThreshold(upper_bound={"value": 1.0})
    metric = tfma.MetricConfig(
        class_name="MeanSquaredError", threshold=tfma.MetricThreshold(value_threshold=bound)
    )
    evaluator = tfx.components.Evaluator(
        examples=example_gen.outputs["examples"],
        model=trainer.outputs["model"],
        eval_config=tfma.EvalConfig(
            model_specs=[tfma.ModelSpec(signature_name="serving_default", label_key="y")],
            slicing_specs=[tfma.SlicingSpec()],
            metrics_specs=[tfma.MetricsSpec(metrics=[metric])],
        ),
    )
    bulk_inferrer = tfx.components.BulkInferrer(
        examples=example_gen.outputs["examples"],
        model=trainer.outputs["model"],
        data_spec=tfx.proto.DataSpec(),
        model_spec=tfx.proto.ModelSpec(),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=serving_model_dir)
        ),
    )
    return tfx.dsl.Pipeline(
        pipeline_name=pipeline_name,
        components=[
            example_gen, schema_gen, tuner, trainer, by_function, evaluator, bulk_inferrer, pusher,
        ],
        enable_cache=True,
        beam_pipeline_args=["--direct_running_mode=in_memory"],
    )  # fmt: skip


def create_pipeline():
    return _create_pipeline(
        pipeline_name="straight_line",
        data_root=os.path.join(_HERE, flags.FLAGS.line_data),
        module_file=os.path.join(_HERE, "line_utils.py"),
        serving_model_dir=os.environ["STRAIGHT_LINE_SERVING"],
    )
