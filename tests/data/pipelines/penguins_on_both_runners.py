"""The penguins pipeline with two more Beam-powered nodes, for a test on both runners.

Its model is asked about every bird, and the birds are imported as tf.Examples, too. Without
caching, so that each runner runs every node.
"""

import csv
from pathlib import Path

import tensorflow as tf
from tfx import v1 as tfx

from pipelines.penguins import data, pipeline


def create_pipeline() -> tfx.dsl.Pipeline:
    nodes = {node.id: node for node in pipeline.create_pipeline().components}
    inferrer = tfx.components.BulkInferrer(
        examples=nodes["CsvExampleGen"].outputs["examples"],
        model=nodes["Trainer"].outputs["model"],
        data_spec=tfx.proto.DataSpec(),
        # tfx_bsl cannot return texts, which serving_default gives.
        model_spec=tfx.proto.ModelSpec(model_signature_name=["evaluate"]),
    )
    imported = tfx.components.ImportExampleGen(input_base=str(_birds_as_examples()))
    return tfx.dsl.Pipeline(
        pipeline_name="penguins_on_both_runners",
        components=[*nodes.values(), inferrer, imported],
        enable_cache=False,
    )


def _birds_as_examples() -> Path:
    birds = data.stage(pipeline.STATE / "data" / pipeline.NAME)
    place = birds.parent / "penguins-as-examples"
    place.mkdir(exist_ok=True)
    with (birds / data.FILE_NAME).open(newline="") as file:
        rows = list(csv.DictReader(file))
    with tf.io.TFRecordWriter(str(place / "birds.gz"), "GZIP") as writer:
        for row in rows:
            writer.write(_example(row).SerializeToString(deterministic=True))
    return place


def _example(row: dict[str, str]) -> tf.train.Example:
    example = tf.train.Example()
    for name, text in row.items():
        example.features.feature[name].bytes_list.value.append(text.encode())
    return example
