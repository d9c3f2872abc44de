"""Who may call what Beam serves from a node's process."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import psutil
import pytest

from tests.other_user import as_another_user, needs_root

MODULES = (
    "abstract_job_service",
    "fn_api_runner.worker_handlers",
    "local_job_service",
)
SERVER = """
import importlib, sys
from concurrent import futures
from grpc import method_handlers_generic_handler, stream_stream_rpc_method_handler
from grpc import unary_unary_rpc_method_handler
from headrace.beam.callers import serve_this_user_only

serve_this_user_only()
handlers = {
    "One": unary_unary_rpc_method_handler(lambda request, context: b"one " + request),
    "Many": stream_stream_rpc_method_handler(lambda items, context: (b"many " + i for i in items)),
}
servers = []
for name in sys.argv[1:]:
    module = importlib.import_module(f"apache_beam.runners.portability.{name}")
    server = module.grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers([method_handlers_generic_handler("s", handlers)])
    print(server.add_insecure_port("[::]:0"), flush=True)
    server.start()
    servers.append(server)
sys.stdin.readline()
"""
CALLER = """
channel = grpc.insecure_channel(sys.argv[1])
try:
    print(channel.unary_unary("/s/One")(b"x", timeout=20))
except grpc.RpcError as error:
    print(error.code())
try:
    print(list(channel.stream_stream("/s/Many")(iter([b"x"]), timeout=20)))
except grpc.RpcError as error:
    print(error.code())
"""


@pytest.fixture(scope="module")
def serving() -> Iterator["subprocess.Popen[str]"]:
    """Servers as each of Beam's modules makes them, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER, *MODULES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.communicate("\n", timeout=30)


@pytest.fixture(scope="module")
def ports(serving: "subprocess.Popen[str]") -> dict[str, int]:
    assert serving.stdout is not None
    return {name: int(serving.stdout.readline()) for name in MODULES}


def test_beams_servers_listen_on_the_loopback_interface_only(
    serving: "subprocess.Popen[str]", ports: dict[str, int]
) -> None:
    found = psutil.Process(serving.pid).net_connections("tcp")
    listening = [connection.laddr for connection in found if connection.status == "LISTEN"]
    assert {address.port for address in listening} == set(ports.values())
    assert {address.ip for address in listening} <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


@pytest.mark.parametrize("module", MODULES)
def test_they_answer_this_user(ports: dict[str, int], module: str) -> None:
    with grpc.insecure_channel(f"localhost:{ports[module]}") as channel:
        one: Any = channel.unary_unary("/s/One")
        many: Any = channel.stream_stream("/s/Many")
        assert one(b"x", timeout=20) == b"one x"
        assert list(many(iter([b"x", b"y"]), timeout=20)) == [b"many x", b"many y"]


@needs_root
@pytest.mark.parametrize("module", MODULES)
def test_they_do_not_answer_another_user(ports: dict[str, int], module: str) -> None:
    caller = as_another_user(CALLER, f"localhost:{ports[module]}", imports="grpc._channel")
    said = caller.communicate(timeout=60)[0].split()
    assert said == ["StatusCode.PERMISSION_DENIED"] * 2
