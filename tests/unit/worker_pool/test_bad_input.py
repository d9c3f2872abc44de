"""Whatever a TaskManager or a job's client sends: it is answered, and the pool serves the next."""

import json

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from hypothesis import strategies as st

from headrace.settings import Keras
from headrace.worker_pool.harnesses import HarnessFailed
from headrace.worker_pool.jobs import Jobs
from headrace.worker_pool.methods import BIND, END, SERVICE
from headrace.worker_pool.requests import HarnessRequest, import_path_of, job_params, keras_of_job
from headrace.worker_pool.service import serve
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import changed, json_value, odd_bytes, odd_text

FIELDS = {"job": "token", "rest_url": "http://h:1", "flink_job_id": "0" * 32}
EXPECTED = (grpc.StatusCode.INVALID_ARGUMENT,)


class NoHarnesses:
    """Takes what the pool's service has read, and starts no process."""

    def __init__(self):
        self.asked = []

    def start(self, request):
        self.asked.append(request)
        raise HarnessFailed("none is started")

    def stop(self, worker_id):
        assert isinstance(worker_id, str)

    def end_job(self, job):
        assert isinstance(job, str)
        return 0


@pytest.fixture(scope="module")
def pool():
    harnesses = NoHarnesses()
    server, port = serve("127.0.0.1", 0, harnesses, Jobs())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel, harnesses
    server.stop(0).wait()


@fuzzed(
    60,
    method=st.sampled_from((BIND, END)),
    data=odd_bytes | changed(FIELDS).map(lambda one: json.dumps(one).encode()),
)
def test_a_clients_call_is_answered(pool, method, data):
    channel, _ = pool
    try:
        answer = channel.unary_unary(f"/{SERVICE}/{method}")(data, timeout=60)
    except grpc.RpcError as error:
        assert error.code() in EXPECTED, error
        return
    assert isinstance(json.loads(answer), dict)


encodable = odd_text.filter(lambda text: text.encode("utf-8", "replace").decode() == text)


@fuzzed(
    60,
    worker_id=encodable,
    params=st.dictionaries(
        st.sampled_from(tuple(job_params("", "", [], Keras.TWO))) | encodable, encodable, max_size=4
    ),
)
def test_a_task_managers_call_is_answered(pool, worker_id, params):
    channel, harnesses = pool
    stub = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
    asked = beam_fn_api_pb2.StartWorkerRequest(worker_id=worker_id, params=params)
    assert stub.StartWorker(asked, timeout=60).error == "none is started"
    request = harnesses.asked.pop()
    assert isinstance(request, HarnessRequest)
    assert request.worker_id == worker_id
    stub.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id=worker_id), timeout=60)


@fuzzed(
    60,
    params=st.dictionaries(
        st.sampled_from(tuple(job_params("", "", [], Keras.TWO))),
        odd_text | json_value.map(json.dumps),
    ),
)
def test_what_a_jobs_environment_says_is_read(params):
    assert all(isinstance(entry, str) for entry in import_path_of(params))
    assert keras_of_job(params) in Keras
