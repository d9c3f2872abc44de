"""Whatever answers in the place of a JobManager: what Flink says, or a refusal of one line."""

import json
from http.server import BaseHTTPRequestHandler

import pytest
from hypothesis import strategies as st

from headrace.errors import HeadraceError
from headrace.flink.job_api import JobApi, JobDetail, Savepoint
from headrace.flink.rest import FlinkApi, Job, Overview
from tests.bad_input.cases import fuzzed
from tests.bad_input.values import changed, damaged, json_value, odd_bytes
from tests.http_server import Serving

OVERVIEW = {"taskmanagers": 2, "slots-total": 4, "slots-available": 3, "flink-version": "1.19.3"}
JOB = {"jid": "a", "name": "p", "start-time": 1000, "end-time": -1, "state": "RUNNING"}
VERTEX = {
    "name": "v",
    "status": "RUNNING",
    "parallelism": 1,
    "metrics": {"read-records": 1, "write-records": 2},
    "tasks": {"SCHEDULED": 0},
}
ASKED = {
    "overview": (lambda flink, jobs: flink.overview(), OVERVIEW, Overview),
    "jobs": (lambda flink, jobs: flink.jobs(), {"jobs": [JOB, JOB]}, list[Job]),
    "running": (lambda flink, jobs: jobs.running("p"), {"jobs": [JOB, JOB]}, list[str]),
    "state": (lambda flink, jobs: jobs.state("a"), {"status": "RUNNING"}, str),
    "detail": (
        lambda flink, jobs: jobs.detail("a"),
        {"jid": "a", "name": "p", "state": "RUNNING", "vertices": [VERTEX]},
        JobDetail,
    ),
    "savepoint": (
        lambda flink, jobs: jobs.savepoint("a", "b"),
        {"status": {"id": "COMPLETED"}, "operation": {"location": "file:/s"}},
        Savepoint,
    ),
    "exceptions": (
        lambda flink, jobs: jobs.exceptions("a"),
        {"exceptionHistory": {"entries": [{"stacktrace": "t"}]}, "root-exception": "r"},
        list[str],
    ),
    "accumulators": (
        lambda flink, jobs: jobs.accumulators("a"),
        {"user-task-accumulators": [{"name": "n", "value": "v"}]},
        dict[str, str],
    ),
    "stop": (lambda flink, jobs: jobs.ask_to_stop("a"), {"request-id": "r"}, str),
    "cancel": (lambda flink, jobs: jobs.cancel("a"), {}, bool),
}


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and content in one packet: the kernel waits before it sends a second
    status, content = 200, b""

    def _answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(type(self).status)
        self.send_header("Content-Length", str(len(type(self).content)))
        self.end_headers()
        self.wfile.write(type(self).content)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def cluster():
    with (
        Serving(_Answering) as server,
        FlinkApi(server.url) as flink,
        JobApi(server.url) as jobs,
    ):
        yield flink, jobs


@fuzzed(
    120,
    what=st.sampled_from(sorted(ASKED)),
    data=st.data(),
    status=st.sampled_from((200, 200, 200, 202, 404, 500, 503)),
)
def test_what_answers_is_flinks_or_refused(cluster, what, data, status):
    ask, document, kind = ASKED[what]
    written = json.dumps(document).encode()
    _Answering.status = status
    _Answering.content = data.draw(
        changed(document).map(lambda one: json.dumps(one).encode())
        | json_value.map(lambda one: json.dumps(one).encode())
        | damaged(written)
        | odd_bytes
    )
    try:
        found = ask(*cluster)
    except HeadraceError as error:
        assert error.message
        return
    assert isinstance(found, getattr(kind, "__origin__", kind))
