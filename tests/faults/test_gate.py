"""A network that is cut ends its connections; one that is stalled keeps what was sent."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.faults.gate import Gate, gate


@pytest.fixture
def echo() -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_repeat, args=(stream,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _repeat(stream: socket.socket) -> None:
    with stream:
        while data := stream.recv(100):
            stream.sendall(data)


@pytest.fixture
def network(echo: int) -> Iterator[Gate]:
    with gate(echo) as found:
        yield found


def connect(network: Gate) -> socket.socket:
    return socket.create_connection(("127.0.0.1", network.port), timeout=10)


def test_it_passes_on_both_ways(network: Gate) -> None:
    with connect(network) as stream:
        stream.sendall(b"there")
        assert stream.recv(100) == b"there"
        assert network.connections == 1


def test_a_cut_ends_what_is_connected_and_lets_nobody_in_until_it_is_mended(network: Gate) -> None:
    with connect(network) as stream:
        stream.sendall(b"there")
        stream.recv(100)
        assert network.cut() == 1
        assert stream.recv(100) == b""
    with connect(network) as stream:
        assert stream.recv(100) == b""
    network.mend()
    with connect(network) as stream:
        stream.sendall(b"again")
        assert stream.recv(100) == b"again"


def test_what_was_sent_while_it_stalled_arrives_once_it_does_not(network: Gate) -> None:
    with connect(network) as stream:
        stream.sendall(b"before")
        stream.recv(100)
        network.stall()
        stream.sendall(b"meanwhile")
        stream.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stream.recv(100)
        network.mend()
        stream.settimeout(10)
        assert stream.recv(100) == b"meanwhile"
