"""A job of little data as one stage: it runs whole in one harness, on the cluster.

Translated stage by stage, the Transform of a few hundred rows has 415 vertices, and each costs
JobManager, TaskManager and harness 20 to 30 ms: shipping, starting and connecting them took longer
than the work. Where a job would get one slot and one harness in any case, Flink is given a single
stage, in which the harness runs the pipeline itself, as Beam's direct runner does. MapReduce ran
small jobs so, in its "uber" mode.
"""

from __future__ import annotations

import apache_beam as beam
from apache_beam.options.pipeline_options import DebugOptions, PipelineOptions, StandardOptions
from apache_beam.portability import common_urns, python_urns
from apache_beam.portability.api import beam_runner_api_pb2

from headrace.flink_runner.options import (
    HeadraceOptions,
    chosen_parallelism,
    restore_of,
)
from headrace.flink_runner.whole_pipeline import RunWholePipeline

STEP = "the whole pipeline"


def is_wanted(options: PipelineOptions) -> bool:
    """Whether a job is small enough, by what is known of its input, and nothing speaks for more.

    Who names a parallelism, or Beam's phases of optimization, wants the stages.
    """
    own = options.view_as(HeadraceOptions)
    known = own.headrace_input_bytes
    return (
        known is not None
        and known < own.headrace_one_stage_bytes
        and chosen_parallelism(options) is None
        and options.view_as(DebugOptions).lookup_experiment("pre_optimize") is None
        and not options.view_as(StandardOptions).streaming
        and restore_of(options) is None
    )


def is_possible(pipeline: beam_runner_api_pb2.Pipeline) -> bool:
    """Whether one harness of the worker pool can run all of it."""
    environments = list(pipeline.components.environments.values())
    payloads = {environment.payload for environment in environments}
    urns = {environment.urn for environment in environments}
    return len(payloads) == 1 and urns == {common_urns.environments.EXTERNAL.urn}


def as_one_stage(pipeline: beam_runner_api_pb2.Pipeline) -> beam_runner_api_pb2.Pipeline:
    """A pipeline of one step that runs the given one.

    Args:
        pipeline: of which ``is_possible`` holds.
    """
    inner = beam_runner_api_pb2.Pipeline()
    inner.CopyFrom(pipeline)
    given = next(iter(pipeline.components.environments.values()))
    for environment in inner.components.environments.values():
        environment.urn = python_urns.EMBEDDED_PYTHON
        environment.ClearField("payload")
        environment.ClearField("dependencies")  # the harness has them
    outer = beam.Pipeline(runner="DirectRunner", options=PipelineOptions([]))
    step = beam.ParDo(RunWholePipeline(inner.SerializeToString()))
    outer | beam.Impulse() | STEP >> step
    translated = outer.to_runner_api()
    for environment in translated.components.environments.values():
        environment.CopyFrom(given)
    return translated
