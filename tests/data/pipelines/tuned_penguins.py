"""The penguins pipeline with a Tuner of two trials at once, for tests."""

from tfx import v1 as tfx

from pipelines.penguins import pipeline


def create_pipeline(**arguments) -> tfx.dsl.Pipeline:
    return pipeline.create_pipeline(
        name="tuned_penguins", tune=True, trials=2, parallel_trials=2, **arguments
    )
