"""For the fault campaign: the penguins pipeline itself, each run on data of its own."""

from tfx import v1 as tfx

from pipelines.penguins import pipeline


def create_pipeline() -> tfx.dsl.Pipeline:
    data = tfx.dsl.experimental.RuntimeParameter(name="data", ptype=str, default="/no/such/place")
    return pipeline.create_pipeline(data_root=data)
