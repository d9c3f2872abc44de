"""The penguins pipeline without caching, so that each runner runs every node."""

from tfx import v1 as tfx

from pipelines.penguins import pipeline


def create_pipeline() -> tfx.dsl.Pipeline:
    cached = pipeline.create_pipeline()
    return tfx.dsl.Pipeline(
        pipeline_name="penguins_uncached", components=cached.components, enable_cache=False
    )
