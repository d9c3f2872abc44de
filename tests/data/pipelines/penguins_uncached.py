"""The penguins pipeline, each node of which runs whatever ran before."""

from tfx import v1 as tfx

from pipelines.penguins import pipeline


def create_pipeline() -> tfx.dsl.Pipeline:
    made = pipeline.create_pipeline()
    made.pipeline_info.pipeline_name = "penguins_uncached"
    made.enable_cache = False
    return made
