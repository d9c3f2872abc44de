"""The penguins pipeline with a Tuner of two trials, for tests."""

from tfx import v1 as tfx

from pipelines.penguins import pipeline


def create_pipeline(**arguments) -> tfx.dsl.Pipeline:
    return pipeline.create_pipeline(name="tuned_penguins", tune=True, trials=2, **arguments)
