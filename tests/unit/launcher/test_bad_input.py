"""Whatever arrives on the launcher's socket: it is refused, and the next client is served."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from dataclasses import asdict

import psutil
import pytest
from hypothesis import strategies as st

from headrace.launcher.lines import LineSplitter, log_frame
from headrace.launcher.processes import GRACE_SECONDS
from headrace.launcher.protocol import (
    CANCEL,
    LET_GO,
    MAX_FRAME_BYTES,
    ErrorFrame,
    EventFrame,
    ExitFrame,
    Frame,
    FrameKind,
    Hold,
    LogFrame,
    NewerProtocolError,
    Operation,
    ProtocolError,
    Request,
    ResultFrame,
    decode_frame,
    decode_request,
    encode,
)
from tests.bad_input.cases import fuzzed
from tests.bad_input.light_launcher import FINGERPRINT
from tests.bad_input.values import changed, damaged, odd_bytes, odd_text
from tests.documents import PROJECT

FRAMES = [
    LogFrame("INFO", "text", "logger", 1.5),
    EventFrame("started", 7, "detail"),
    ResultFrame({"a": [1, None]}),
    ErrorFrame("ValueError", "text", "hint", "trace", True),
    ExitFrame(0, None, 1.5, 7),
]
PAYLOAD = {"ir_path": "/nowhere/pipeline.json", "node_id": "N", "metadata_url": "sqlite:////none"}
REQUEST = Request(Operation.RUN_NODE, PAYLOAD, FINGERPRINT, {"A": "b", "TMPDIR": ""})
HELD = Request(Operation.RUN_NODE, PAYLOAD, FINGERPRINT, {}, Hold("key", "digest", 1, 0.1, 0.1))
ATTACH = Request(Operation.ATTACH, {}, FINGERPRINT, {}, Hold("key", "digest", 1, 0.1, 0.1))


def as_line(document):
    return json.dumps(document).encode() + b"\n"


def is_for_this_server(client):
    """A later version and another fingerprint make the server end, as they shall."""
    sent, _ = client
    first = b"".join(sent).partition(b"\n")[0]
    try:
        return decode_request(first).fingerprint == FINGERPRINT
    except NewerProtocolError:
        return False
    except ProtocolError:
        return True


requests = st.sampled_from([REQUEST, HELD, ATTACH]).map(lambda one: json.loads(encode(one)))
odd_requests = requests.flatmap(changed)
odd_environ = st.builds(
    lambda document, name, text: {**document, "environ": {name: text}},
    requests,
    st.sampled_from(("TMPDIR", "HEADRACE_LOG_LEVEL", "A")) | odd_text,
    odd_text,
)
odd_payload = st.builds(
    lambda document, name, text: {**document, "payload": {name: text}},
    requests,
    st.sampled_from(("ir_path", "metadata_url", "node_id")),
    odd_text | odd_text.map(lambda text: f"sqlite:///{text}"),
)
damaged_request = st.sampled_from([REQUEST, HELD, ATTACH]).flatmap(lambda one: damaged(encode(one)))
line = (
    (odd_requests | odd_environ | odd_payload).map(as_line)
    | damaged_request
    | odd_bytes.map(lambda data: data + b"\n")
    | st.sampled_from((encode(REQUEST), encode(HELD), encode(ATTACH), CANCEL + b"\n", b"\n"))
    | st.just(LET_GO + b"\n")
)


@fuzzed(
    100,
    data=odd_bytes
    | damaged_request
    | (odd_requests | odd_environ | odd_payload).map(as_line)
    | st.sampled_from(FRAMES).flatmap(lambda frame: damaged(encode(frame)))
    | st.sampled_from(FRAMES).flatmap(lambda frame: changed(asdict(frame))).map(as_line),
)
def test_a_line_is_of_the_protocol_or_refused_in_few_words(data):
    for decode, kinds in ((decode_frame, Frame), (decode_request, Request)):
        try:
            found = decode(data)
        except ProtocolError as error:
            assert len(str(error)) < 500
        else:
            assert isinstance(found, kinds)
            again = decode(encode(found))
            assert type(again) is type(found)
            assert kinds is Frame or again == found or "nan" in repr(found)


@fuzzed(40, pieces=st.lists(st.binary(max_size=20) | odd_bytes, max_size=8))
def test_what_a_node_prints_is_lines_whatever_it_prints(pieces):
    splitter = LineSplitter()
    lines = [one for data in pieces for one in splitter.feed(data)] + splitter.finish()
    assert b"\n".join(lines) == b"".join(pieces).removesuffix(b"\n")
    for frame in (log_frame(one, 0.0) for one in lines):
        assert frame is None or decode_frame(encode(frame)).kind is FrameKind.LOG


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server's process and its socket; it must end when it is told to."""
    path = tmp_path_factory.mktemp("launcher") / "s"
    log = path.with_name("log")
    command = [sys.executable, "-m", "tests.bad_input.light_launcher", str(path)]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=PROJECT, stdout=output, stderr=output) as process,
    ):
        deadline = time.monotonic() + 600
        while not path.exists() and process.poll() is None:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.01)
        yield psutil.Process(process.pid), path
        process.terminate()
        try:
            assert process.wait(10 * GRACE_SECONDS) == 0, log.read_text()
        finally:
            process.kill()


def connected(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(50)
    client.connect(str(path))
    return client


def answer(path, request):
    with connected(path) as client, client.makefile("rb") as lines:
        client.sendall(encode(request))
        return [decode_frame(one) for one in lines]


def assert_serves(server):
    process, path = server
    frames = answer(path, Request(Operation.RUN_NODE, {"n": 1}, FINGERPRINT))
    assert ResultFrame({"n": 1}) in frames
    assert frames[-1].code == 0
    assert process.is_running()


@fuzzed(
    60,
    clients=st.lists(
        st.tuples(
            st.lists(line, min_size=1, max_size=3), st.sampled_from(("wait", "close", "half"))
        ).filter(is_for_this_server),
        min_size=1,
        max_size=3,
    ),
)
def test_the_server_serves_the_next_client_whatever_came_before(server, clients):
    _, path = server
    waiting = []
    for sent, how in clients:
        client = connected(path)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(b"".join(sent))
            if how == "half":
                client.shutdown(socket.SHUT_WR)
        waiting.append(client)
        if how == "close":
            client.close()
    assert_serves(server)
    for client in waiting:
        client.close()


@pytest.mark.parametrize(
    ("payload", "environ"),
    [
        ({}, {"TMPDIR": "/tmp/a\0b"}),
        ({}, {"TMPDIR": "/nowhere/at/all"}),
        ({"ir_path": "a\0b/pipeline.json"}, {}),
        ({"ir_path": "x" * 5000}, {}),
        ({"metadata_url": f"sqlite:////{'x' * 5000}"}, {}),
        ({"ir_path": "{damaged}/pipeline.json"}, {}),
    ],
)
def test_the_server_survives_a_request_that_it_cannot_do(server, payload, environ):
    _, path = server
    path.with_name("metadata_connection.json").write_text("[]")
    payload = {name: text.format(damaged=path.parent) for name, text in payload.items()}
    frames = answer(path, Request(Operation.RUN_NODE, payload, FINGERPRINT, environ))
    assert isinstance(frames[-1], (ErrorFrame, ExitFrame))
    assert_serves(server)


@pytest.mark.parametrize(
    "data",
    [
        b"x" * (MAX_FRAME_BYTES + 10),
        b'{"version": "' + b"\\u0000" * (MAX_FRAME_BYTES // 7) + b'"}\n',
        as_line({**json.loads(encode(REQUEST)), "operation": "\0" * (MAX_FRAME_BYTES // 8)}),
        as_line({**json.loads(encode(REQUEST)), "x" * (MAX_FRAME_BYTES // 2): 1}),
    ],
    ids=["endless", "version", "operation", "field"],
)
def test_the_server_survives_a_line_of_the_greatest_size(server, data):
    _, path = server
    with connected(path) as client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.sendall(data)
        with client.makefile("rb") as lines:
            assert all(isinstance(decode_frame(one), ErrorFrame) for one in lines)
    assert_serves(server)
