"""The flights pipeline on a sample, for tests: 10,000 flights, one epoch, a lower threshold."""

from tfx import v1 as tfx

from pipelines.flights import pipeline

ROWS = 10_000
AUC_AT_LEAST = 0.55


def create_pipeline(**arguments) -> tfx.dsl.Pipeline:
    return pipeline.create_pipeline(
        name="few_flights", rows=ROWS, epochs=1, auc_at_least=AUC_AT_LEAST, **arguments
    )
