"""Nodes that stay until they are ended: one obeys, one ignores SIGTERM, one has a Flink job."""

import os
import signal
import subprocess
import time
from typing import Any

import apache_beam as beam
from tfx import v1 as tfx

component = tfx.dsl.components.component
Parameter = tfx.dsl.components.Parameter
Output = tfx.dsl.components.OutputArtifact
Text = tfx.types.standard_artifacts.String


@component
def Stay(text: Output[Text], marker: Parameter[str], deaf: Parameter[int]) -> None:
    """Writes into a file which processes it has, and stays."""
    children = {}
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        children = {"preexec_fn": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN)}
    child = subprocess.Popen(["sleep", "3600"], **children)
    text.value = "half of it"
    _tell(marker, os.getpid(), child.pid)
    time.sleep(3600)


def stay_in_harness(word: str, marker: str, node: int) -> str:
    _tell(marker, node, os.getpid())
    time.sleep(3600)
    return word


@component(use_beam=True)
def StayInJob(
    text: Output[Text],
    marker: Parameter[str],
    beam_pipeline: tfx.dsl.components.BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """The same in a Beam job, with the process of its harness."""
    text.value = "half of it"
    with beam_pipeline as pipeline:
        words = pipeline | beam.Create(["one"])
        words | beam.Map(stay_in_harness, marker=marker, node=os.getpid())


def _tell(marker: str, *pids: int) -> None:
    with open(f"{marker}.part", "w") as file:
        file.write(" ".join(map(str, pids)))
    os.rename(f"{marker}.part", marker)


def obeying() -> tfx.dsl.Pipeline:
    return _pipeline("obeying", Stay(marker=_marker(), deaf=0))


def deaf() -> tfx.dsl.Pipeline:
    return _pipeline("deaf", Stay(marker=_marker(), deaf=1))


def job() -> tfx.dsl.Pipeline:
    return _pipeline("job", StayInJob(marker=_marker()))


def _marker() -> Any:
    return tfx.dsl.experimental.RuntimeParameter(name="marker", ptype=str)


def _pipeline(name: str, node: Any) -> tfx.dsl.Pipeline:
    return tfx.dsl.Pipeline(pipeline_name=name, components=[node.with_id("Stay")])
