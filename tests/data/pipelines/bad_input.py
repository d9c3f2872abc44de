"""A small pipeline whose data and user code are parameters, so that each may be bad."""

import os

import tensorflow as tf
import tensorflow_model_analysis as tfma
import tensorflow_transform as tft
from tfx import v1 as tfx
from tfx.proto import example_gen_pb2
from tfx_bsl.public import tfxio

from components.columnar_example_gen import ColumnarExampleGen

HERE = os.path.dirname(os.path.abspath(__file__))


def sound_fn(inputs):
    weight = tft.scale_to_z_score(tf.cast(inputs["weight"], tf.float32))
    return {"weight": weight, "heavy": inputs["heavy"]}


def unknown_column_fn(inputs):
    return {"weight": inputs["wieght"]}


def raising_fn(inputs):
    def check(weight):
        raise ValueError("the weight is negative")

    outputs = sound_fn(inputs)
    outputs["weight"] = tf.numpy_function(check, [outputs["weight"]], tf.float32)
    outputs["weight"].set_shape([None, 1])
    return outputs


def run_fn(fn_args):
    transform = tft.TFTransformOutput(fn_args.transform_output)
    model = _model()
    options = tfxio.TensorFlowDatasetOptions(batch_size=20, label_key="heavy", num_epochs=1)
    schema = transform.transformed_metadata.schema
    data = fn_args.data_accessor.tf_dataset_factory(fn_args.train_files, options, schema)
    model.fit(data, steps_per_epoch=2, verbose=0)
    layer = transform.transform_features_layer()
    model.layer = layer

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples):
        spec = {"weight": transform.raw_feature_spec()["weight"]}
        features = tf.io.parse_example(examples, spec)
        return {"outputs": model({"weight": layer(features)["weight"]})}

    tf.saved_model.save(model, fn_args.serving_model_dir, signatures={"serving_default": serve})


def forgetful_run_fn(fn_args):
    _model()


def untracked_run_fn(fn_args):
    entries = tf.lookup.KeyValueTensorInitializer(["heavy"], [1])
    table = tf.lookup.StaticHashTable(entries, 0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def serve(examples):
        return {"outputs": table.lookup(examples)}

    signatures = {"serving_default": serve}
    tf.saved_model.save(tf.Module(), fn_args.serving_model_dir, signatures=signatures)


def _model():
    weight = tf.keras.Input((1,), name="weight")
    output = tf.keras.layers.Dense(1, activation="sigmoid")(weight)
    model = tf.keras.Model({"weight": weight}, output)
    model.compile("adam", "binary_crossentropy")
    return model


def _parameter(name, default):
    return tfx.dsl.experimental.RuntimeParameter(name=name, ptype=str, default=default)


def _function(name):
    return f"tests.data.pipelines.bad_input.{name}"


def create_pipeline() -> tfx.dsl.Pipeline:
    data = _parameter("data", "/no/such/directory")
    csv = tfx.components.CsvExampleGen(input_base=data)
    columnar = ColumnarExampleGen(input_base=data)
    columns = ColumnarExampleGen(
        input_base=data, output_data_format=example_gen_pb2.FORMAT_PARQUET
    ).with_id("ColumnarExampleGenOfColumns")
    examples = csv.outputs["examples"]
    statistics = tfx.components.StatisticsGen(examples=examples)
    schema = tfx.components.ImportSchemaGen(schema_file=f"{HERE}/bad_input.pbtxt")
    transform = tfx.components.Transform(
        examples=examples,
        schema=schema.outputs["schema"],
        preprocessing_fn=_parameter("preprocessing_fn", _function("sound_fn")),
    )
    trainer = tfx.components.Trainer(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        run_fn=_parameter("run_fn", _function("run_fn")),
        train_args=tfx.proto.TrainArgs(num_steps=2),
        eval_args=tfx.proto.EvalArgs(num_steps=1),
    )
    bound = tfma.GenericValueThreshold(lower_bound={"value": 0.1})
    auc = tfma.MetricConfig(class_name="AUC", threshold=tfma.MetricThreshold(value_threshold=bound))
    evaluator = tfx.components.Evaluator(
        examples=examples,
        model=trainer.outputs["model"],
        eval_config=tfma.EvalConfig(
            model_specs=[tfma.ModelSpec(label_key="heavy", signature_name="serving_default")],
            slicing_specs=[tfma.SlicingSpec()],
            metrics_specs=[tfma.MetricsSpec(metrics=[auc])],
        ),
    )
    return tfx.dsl.Pipeline(
        pipeline_name="bad_input",
        components=[csv, columnar, columns, statistics, schema, transform, trainer, evaluator],
        enable_cache=True,
    )
