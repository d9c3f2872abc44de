"""A pipeline of one CsvExampleGen, over the directory that TINY_DATA names."""

import os

from tfx import v1 as tfx


def create_pipeline() -> tfx.dsl.Pipeline:
    examples = tfx.components.CsvExampleGen(input_base=os.environ["TINY_DATA"])
    return tfx.dsl.Pipeline(pipeline_name="csv_only", components=[examples])
