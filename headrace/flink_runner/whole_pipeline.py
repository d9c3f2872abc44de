"""Within a harness: the step that runs a whole pipeline, and hands on what it measured."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics, monitoring_infos
from apache_beam.portability.api import beam_job_api_pb2, beam_runner_api_pb2, metrics_pb2

_NAMESPACE = "headrace:whole_pipeline"
_NAME = "metrics"


class RunWholePipeline(beam.DoFn):  # type: ignore[misc]
    """Runs a pipeline with the runner that Beam's own direct runner is made of.

    Args:
        pipeline: serialized; its steps are to run in this process.
    """

    def __init__(self, pipeline: bytes) -> None:
        self._pipeline = pipeline

    def process(self, _: bytes) -> Iterable[object]:
        """Run it to its end.

        Raises:
            Exception: as a step of the pipeline does.
        """
        # A thread of its own: Beam keeps the step that a thread is in, and this one is in ours.
        with ThreadPoolExecutor(1, thread_name_prefix="pipeline") as thread:
            measured = thread.submit(_run, self._pipeline).result()
        Metrics.string_set(_NAMESPACE, _NAME).add(pack(measured))
        return ()


def _run(pipeline: bytes) -> list[metrics_pb2.MonitoringInfo]:
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.fn_api_runner import fn_runner

    proto = beam_runner_api_pb2.Pipeline.FromString(pipeline)
    result = fn_runner.FnApiRunner().run_via_runner_api(proto, PipelineOptions([]))
    result.wait_until_finish()
    infos = result.monitoring_infos()
    return [info for info in infos if monitoring_infos.is_user_monitoring_info(info)]


def pack(infos: Iterable[metrics_pb2.MonitoringInfo]) -> str:
    """The user's metrics as text, for a metric that holds text."""
    container = beam_job_api_pb2.MetricResults(attempted=infos)
    return base64.b64encode(zlib.compress(container.SerializeToString())).decode("ascii")


def unpack(text: str) -> list[metrics_pb2.MonitoringInfo]:
    """What was packed."""
    container = beam_job_api_pb2.MetricResults()
    container.ParseFromString(zlib.decompress(base64.b64decode(text)))
    return list(container.attempted)


def unfolded(infos: Iterable[metrics_pb2.MonitoringInfo]) -> Iterator[metrics_pb2.MonitoringInfo]:
    """A job's metrics, those of a whole pipeline in the place of the metric that holds them."""
    for info in infos:
        if info.labels.get(monitoring_infos.NAMESPACE_LABEL) != _NAMESPACE:
            yield info
            continue
        found: Any = monitoring_infos.extract_string_set_value(info)
        for text in found:
            yield from unpack(text)
