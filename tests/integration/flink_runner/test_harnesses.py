"""How the slots of a TaskManager share harnesses: not at all."""

import os
from pathlib import Path

import apache_beam as beam
import psutil
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from headrace.flink.job_api import JobApi
from tests.integration.flink_runner.conftest import Flink, Jobs
from tests.integration.flink_runner.running import Running
from tests.other_user import as_another_user
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

BRANCHES = 4


def test_each_slot_works_in_a_harness_of_its_own(
    flink: Flink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_HOME", str(flink.settings.home))
    options = PipelineOptions(["--runner=headrace.flink_runner.FlinkRunner", "--parallelism=2"])
    with beam.Pipeline(options=options) as pipeline:
        for branch in range(BRANCHES):
            # A reshuffle deals elements out to the slots in turns.
            (
                pipeline
                | f"Make{branch}" >> beam.Create(range(8))
                | f"Deal{branch}" >> beam.Reshuffle()
                | f"Ask{branch}" >> beam.Map(lambda _: str(os.getpid()))
                | f"Once{branch}" >> beam.Distinct()
                | f"Write{branch}" >> beam.io.WriteToText(str(tmp_path / f"{branch}-"))
            )
    processes = [
        {pid for file in tmp_path.glob(f"{branch}-*") for pid in file.read_text().split()}
        for branch in range(BRANCHES)
    ]
    assert [len(pids) for pids in processes] == [2] * BRANCHES
    assert len(set.union(*processes)) == 2


DIES_ONCE = """
import os, signal
from apache_beam.runners.worker import sdk_worker

of_beam = sdk_worker.BundleProcessorCache.get

def get(*args, **kwargs):
    if not os.path.exists({marker!r}):
        with open({marker!r}, "w"):
            os.kill(os.getpid(), signal.SIGKILL)
    return of_beam(*args, **kwargs)

sdk_worker.BundleProcessorCache.get = get
"""
"""Ends the first harness when it has its first orders, and has not connected for data yet."""


def test_a_task_does_not_wait_for_data_of_a_harness_that_has_died(
    flink: Flink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "dies_once.py").write_text(DIES_ONCE.format(marker=str(marker)))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("HEADRACE_HOME", str(flink.settings.home))
    options = PipelineOptions(
        [
            "--runner=headrace.flink_runner.FlinkRunner",
            "--parallelism=1",
            "--beam_plugin=dies_once",
        ]
    )
    pipeline = beam.Pipeline(options=options)
    numbers = pipeline | beam.Create(range(3)) | beam.Map(lambda number: f"{number} done")
    numbers | beam.io.WriteToText(str(tmp_path / "done"))
    result = pipeline.run()
    result.wait_until_finish()
    assert marker.exists()
    written = [line for file in tmp_path.glob("done*") for line in file.read_text().splitlines()]
    assert sorted(written) == ["0 done", "1 done", "2 done"]
    with JobApi(flink.cluster.rest_url) as api:
        causes = api.exceptions(result.flink_job_id)
    assert causes
    assert not [cause for cause in causes if "No client connected within timeout" in cause]


ASKING = """
for port in sys.argv[1:]:
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    for method in (
        "org.apache.beam.model.job_management.v1.ArtifactRetrievalService/ResolveArtifacts",
        "org.apache.beam.model.fn_execution.v1.ProvisionService/GetProvisionInfo",
    ):
        try:
            print("answered", channel.unary_unary(f"/{method}")(b"", timeout=20))
        except grpc.RpcError as error:
            print(error.code().name)
"""


def test_what_harnesses_call_is_on_loopback_and_answers_no_other_user(
    flink: Flink, jobs: Jobs
) -> None:
    running = Running(jobs, "watched", "until", "--parallelism=1")
    running.job_id()
    wait_until(jobs.place.joinpath("marker").exists)
    listening = {
        (name, connection.laddr.ip, connection.laddr.port)
        for name, process in flink.cluster.processes.items()
        for connection in psutil.Process(process.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    here = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    assert {ip for _, ip, _ in listening} <= here, listening
    if os.geteuid() == 0:
        ports = [port for name, _, port in listening if name.startswith("taskmanager")]
        said = as_another_user(ASKING, *ports, imports="grpc._channel").communicate()[0]
        assert "answered" not in said, said
        # At least the two of those services, each asked; others know no such method, or no gRPC.
        assert said.split().count("PERMISSION_DENIED") >= 2, said
    jobs.place.joinpath("marker").unlink()
    assert running.join() is None
