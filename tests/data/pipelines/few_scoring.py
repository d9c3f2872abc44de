"""Scoring with the model that few_flights.py has pushed."""

from tfx import v1 as tfx

from pipelines.flights_scoring import pipeline


def create_pipeline() -> tfx.dsl.Pipeline:
    return pipeline.create_pipeline(name="few_scoring", model_of="few_flights")
