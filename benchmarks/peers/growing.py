"""Pipelines that read a CSV into examples and statistics: by our component, and by TFX's."""

from tfx import v1 as tfx

from headrace.components.columnar_example_gen import ColumnarExampleGen

_ROOT = tfx.dsl.experimental.RuntimeParameter(name="data_root", ptype=str, default="")


def columnar() -> tfx.dsl.Pipeline:
    examples = ColumnarExampleGen(input_base=_ROOT)
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    return tfx.dsl.Pipeline(pipeline_name="columnar", components=[examples, statistics])


def stock() -> tfx.dsl.Pipeline:
    examples = tfx.components.CsvExampleGen(input_base=_ROOT)
    return tfx.dsl.Pipeline(pipeline_name="stock", components=[examples])
