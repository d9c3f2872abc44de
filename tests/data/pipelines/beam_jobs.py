"""A component with a Beam job of its own that counts words, or misbehaves as it is told."""

import os
import time

import apache_beam as beam
from apache_beam.metrics import Metrics
from tfx import v1 as tfx

component = tfx.dsl.components.component
Parameter = tfx.dsl.components.Parameter
WORDS = ("water", "wheel", "mill", "water")


def handle(word: str, mode: str, marker: str) -> str:
    Metrics.counter("words", "met").inc()
    Metrics.distribution("words", "length").update(len(word))
    if mode == "fail" and word == "mill":
        raise ValueError(f"there is no {word} here")
    if mode == "sleep":
        time.sleep(600)
    if mode == "once" and not os.path.exists(marker):
        open(marker, "w").close()
        time.sleep(600)
    if mode == "until" and word == "mill":
        open(marker, "w").close()
        while os.path.exists(marker):
            time.sleep(0.1)
    if mode == "greedy" and word == "mill":
        held = bytearray(os.urandom(1 << 20) * 3000)
        time.sleep(600)
        del held
    if mode == "print":
        print(f"a harness has met {word}")
    return word


@component(use_beam=True)
def CountWords(
    counts: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.String],
    mode: Parameter[str],
    marker: Parameter[str],
    beam_pipeline: tfx.dsl.components.BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    os.makedirs(os.path.dirname(counts.uri), exist_ok=True)
    with beam_pipeline as pipeline:
        (
            pipeline
            | beam.Create(WORDS)
            | beam.Map(handle, mode=mode, marker=marker)
            | beam.combiners.Count.PerElement()
            | beam.MapTuple(lambda word, count: f"{word} {count}")
            | beam.combiners.ToList()
            | beam.Map(lambda lines: "\n".join(sorted(lines)))
            | beam.io.WriteToText(
                counts.uri, shard_name_template="", append_trailing_newlines=False
            )
        )


def create_pipeline() -> tfx.dsl.Pipeline:
    parameter = tfx.dsl.experimental.RuntimeParameter
    count = CountWords(
        mode=parameter(name="mode", ptype=str, default="fine"),
        marker=parameter(name="marker", ptype=str, default=""),
    )
    return tfx.dsl.Pipeline(pipeline_name="beam_jobs", components=[count], enable_cache=False)
