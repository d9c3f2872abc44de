"""How the slots of a TaskManager share harnesses: not at all."""

import os
from pathlib import Path

import apache_beam as beam
import psutil
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

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
