"""The worker pool with a runner that needs no cluster: Beam's own embedded job service.

Nothing is preloaded, which changes only how long a harness takes to start.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import grpc
import psutil
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    endpoints_pb2,
)

from headrace.launcher.protocol import LogFrame
from headrace.settings import Keras
from headrace.worker_pool.client import PoolClient
from headrace.worker_pool.requests import job_params
from tests.integration.conftest import PROJECT
from tests.other_user import as_another_user, needs_root
from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.integration


class Pool:
    """A pool's process, as a cluster starts it."""

    def __init__(self, place: Path, port: int = 0) -> None:
        self.state_file = place / "pool.json"
        self.log = place / "pool.log"
        command = [sys.executable, "-m", "headrace.worker_pool", "--without-preload"]
        options = ["--port", str(port), "--state", str(self.state_file)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *options], stderr=log, cwd=PROJECT, start_new_session=True
            )

    @property
    def state(self) -> dict:
        return json.loads(self.state_file.read_text())

    @property
    def endpoint(self) -> str:
        wait_until(self.state_file.exists)
        return str(self.state["endpoint"])

    def harnesses(self) -> list[int]:
        return [item["pid"] for item in self.state["harnesses"]]

    def family(self) -> list[psutil.Process]:
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]


def all_gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=0)[1]


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    found = Pool(tmp_path)
    yield found
    if found.process.poll() is None:
        found.process.terminate()
        found.process.wait(LONG_SECONDS)


def run(pool: Pool, lines: Path, job: str) -> None:
    """Count words in a harness, and note there where it was counted."""
    config = {
        "url": pool.endpoint,
        "params": job_params(job, "words", [str(PROJECT)], Keras.THREE),
    }

    def note(word: str) -> tuple[str, int]:
        print(f"met {word}")
        return word, os.getpid()

    def write(item: tuple[str, object]) -> None:
        with lines.open("a") as file:
            file.write(json.dumps([item[0], sorted(item[1])]) + "\n")  # type: ignore[call-overload]

    options = ["--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=EXTERNAL"]
    options.append(f"--environment_config={json.dumps(config)}")
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        (
            pipeline
            | beam.Create(["water", "wheel", "water"])
            | beam.Map(note)
            | beam.GroupByKey()
            | beam.Map(write)
        )


def test_a_job_runs_in_a_harness_whose_words_reach_the_jobs_client(
    pool: Pool, tmp_path: Path
) -> None:
    lines = tmp_path / "lines"
    run(pool, lines, "token")
    found = dict(json.loads(line) for line in lines.read_text().splitlines())
    assert {word: len(pids) for word, pids in found.items()} == {"water": 2, "wheel": 1}
    pids = {pid for pids in found.values() for pid in pids}
    assert os.getpid() not in pids
    client = PoolClient(pool.endpoint, "token")
    client.end()
    said = [frame.message for frame in client.frames() if isinstance(frame, LogFrame)]
    client.close()
    assert sorted(text for text in said if text.startswith("met")) == [
        "met water",
        "met water",
        "met wheel",
    ]
    wait_until(lambda: pool.harnesses() == [])
    assert not any(psutil.pid_exists(pid) for pid in pids)


def start_worker(pool: Pool, nowhere: str) -> str:
    def endpoint() -> endpoints_pb2.ApiServiceDescriptor:
        return endpoints_pb2.ApiServiceDescriptor(url=nowhere)

    request = beam_fn_api_pb2.StartWorkerRequest(
        worker_id="1-1",
        control_endpoint=endpoint(),
        provision_endpoint=endpoint(),
        logging_endpoint=endpoint(),
        artifact_endpoint=endpoint(),
    )
    with grpc.insecure_channel(pool.endpoint) as channel:
        stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
        return str(stub.StartWorker(request, timeout=120).error)


def test_a_harness_that_cannot_connect_is_an_error_and_not_waited_for(pool: Pool) -> None:
    error = start_worker(pool, "127.0.0.1:9")
    assert error.startswith("SDK harness 1-1 did not start: ")
    assert "UNAVAILABLE" in error
    assert pool.harnesses() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_pool_that_ends(pool: Pool, number: signal.Signals) -> None:
    assert pool.endpoint
    family = pool.family()
    assert len(family) > 1
    pool.process.send_signal(number)
    pool.process.wait(LONG_SECONDS)
    wait_until(lambda: all_gone(family))
    assert pool.process.returncode == (0 if number is signal.SIGTERM else -number)
    assert pool.state_file.exists() == (number is signal.SIGKILL)


def test_the_preloaded_server_is_started_again(pool: Pool) -> None:
    assert pool.endpoint
    [_, first] = pool.family()
    first.kill()
    wait_until(lambda: len(pool.family()) == 2 and pool.family()[1].pid != first.pid)
    assert "UNAVAILABLE" in start_worker(pool, "127.0.0.1:9")


def test_a_port_that_is_taken_is_named(pool: Pool, tmp_path: Path) -> None:
    port = int(pool.endpoint.rpartition(":")[2])
    other = tmp_path / "other"
    other.mkdir()
    second = Pool(other, port)
    assert second.process.wait(LONG_SECONDS) == 1
    assert f"the worker pool cannot listen on 127.0.0.1:{port}" in second.log.read_text()


STRANGER = """
channel = grpc.insecure_channel(sys.argv[1])
for method, request in (
    ("org.apache.beam.model.fn_execution.v1.BeamFnExternalWorkerPool/StartWorker", sys.argv[2]),
    ("org.apache.beam.model.fn_execution.v1.BeamFnExternalWorkerPool/StopWorker", sys.argv[2]),
    ("headrace.worker_pool.v1.WorkerPool/End", '{"job": "job-7"}'.encode().hex()),
):
    try:
        print(channel.unary_unary(f"/{method}")(bytes.fromhex(request), timeout=60))
    except grpc.RpcError as error:
        print(error.code())
try:
    follow = channel.unary_stream("/headrace.worker_pool.v1.WorkerPool/Follow")
    print(list(follow(b'{"job": "job-7"}', timeout=60)))
except grpc.RpcError as error:
    print(error.code())
"""


@needs_root
def test_another_user_cannot_have_a_harness_started_or_read_a_jobs_log(
    pool: Pool, tmp_path: Path
) -> None:
    evil = tmp_path / "evil"
    endpoint = endpoints_pb2.ApiServiceDescriptor(url="127.0.0.1:9")
    asked = beam_fn_api_pb2.StartWorkerRequest(
        worker_id="w7",
        control_endpoint=endpoint,
        provision_endpoint=endpoint,
        params=job_params("job-7", "words", [str(evil)], Keras.THREE),
    )
    request = asked.SerializeToString().hex()
    caller = as_another_user(STRANGER, pool.endpoint, request, imports="grpc._channel")
    said = caller.communicate(timeout=LONG_SECONDS)[0].split()
    assert said == ["StatusCode.PERMISSION_DENIED"] * 4
    assert pool.harnesses() == []
    assert str(evil) not in pool.log.read_text()
