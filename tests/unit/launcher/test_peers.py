import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from headrace.launcher.peers import may_call
from tests.other_user import as_another_user, needs_root

CALLING = """
stream = socket.create_connection((sys.argv[1], int(sys.argv[2])))
if sys.argv[3] == "half":
    stream.shutdown(socket.SHUT_WR)
if sys.argv[3] == "go":
    stream.close()
print("called", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(params=["127.0.0.1", "::1", "both"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    both = request.param == "both"
    host = "::" if both else request.param
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server = socket.create_server((host, 0), family=family, dualstack_ipv6=both)
    except (OSError, ValueError):
        pytest.skip(f"this machine cannot listen on {host}")
    with server:
        yield server


def address_of(listener: socket.socket) -> tuple[str, int]:
    host, port, *_ = listener.getsockname()
    return host.replace("::", "127.0.0.1") if host == "::" else host, port


def may(listener: socket.socket, peer: tuple[Any, ...], port: int | None = None) -> bool:
    called = port or listener.getsockname()[1]
    return may_call(ipaddress.ip_address(peer[0]), peer[1], [called])


def test_a_process_of_this_user_may_call(listener: socket.socket) -> None:
    with socket.create_connection(address_of(listener)):
        stream, peer = listener.accept()
        with stream:
            assert may(listener, peer)
            assert not may(listener, peer, port=1)


@needs_root
@pytest.mark.parametrize("word", ["stay", "half", "go"])
def test_a_process_of_another_user_may_not(listener: socket.socket, word: str) -> None:
    caller = as_another_user(CALLING, *address_of(listener), word)
    assert caller.stdout is not None
    assert caller.stdout.readline() == "called\n"
    stream, peer = listener.accept()
    with stream:
        assert not may(listener, peer)
    caller.communicate("\n")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_a_caller_on_this_machine_that_the_kernel_does_not_know_may_not(address: str) -> None:
    assert not may_call(ipaddress.ip_address(address), 1, [2])


def test_a_caller_on_another_machine_may_where_one_can_reach_the_port() -> None:
    assert may_call(ipaddress.ip_address("192.0.2.7"), 40000, [2])
