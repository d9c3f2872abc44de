"""Flights from CSV to statistics and transformed examples, and no further."""

from pathlib import Path

from tfx import v1 as tfx

from headrace.components.columnar_example_gen import ColumnarExampleGen
from pipelines.flights import features, pipeline


def create_pipeline() -> tfx.dsl.Pipeline:
    splits = [
        tfx.proto.SplitConfig.Split(name="train", hash_buckets=2),
        tfx.proto.SplitConfig.Split(name="eval", hash_buckets=1),
    ]
    examples = ColumnarExampleGen(
        input_base=tfx.dsl.experimental.RuntimeParameter(name="data_root", ptype=str),
        output_config=tfx.proto.Output(
            split_config=tfx.proto.SplitConfig(splits=splits, partition_feature_name=features.DAY)
        ),
    )
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.ImportSchemaGen(
        schema_file=str(Path(pipeline.__file__).parent / "schema" / "schema.pbtxt")
    )
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="pipelines.flights.preprocessing.preprocessing_fn",
    )
    return tfx.dsl.Pipeline(
        pipeline_name="many_flights", components=[examples, statistics, schema, transform]
    )
