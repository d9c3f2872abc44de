"""Nodes that wait for room."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.launcher import client
from headrace.launcher.protocol import (
    ErrorFrame,
    EventFrame,
    ExitFrame,
    Operation,
    ResultFrame,
)
from headrace.settings import Settings
from tests.integration.launcher.light_server import Client, Server, serving
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

SERVER = """
import os, sys, time
from pathlib import Path
from headrace.launcher.forking import ForkServer
from headrace.launcher.listening import listen
from headrace.launcher.protocol import Operation
from headrace.launcher.room import Room

place = Path(sys.argv[1])

def run_node(payload, send):
    with (place / "begun").open("a") as begun:
        begun.write(payload["node_id"] + "\\n")
    while not (place / payload["node_id"]).exists():
        time.sleep(0.01)
    return {}

operations = {Operation.RUN_NODE: run_node, Operation.COMPILE: lambda payload, send: {}}
room = Room(1, available=lambda: 1 << 40)
ForkServer(listen(place / "socket"), "same", 60, operations, room=room).serve()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """It has room for one node."""
    with serving(tmp_path, SERVER) as running:
        yield running


def ended_well(asking: Client) -> bool:
    return asking.kinds() == [EventFrame, ResultFrame, ExitFrame]


def test_nodes_wait_until_there_is_room_in_the_order_in_which_they_came(server: Server) -> None:
    first = server.ask("first")
    wait_until(lambda: server.begun() == ["first"])
    others = [server.ask(name) for name in ("second", "third")]
    for asking, name in zip(others, ("second", "third"), strict=True):
        told = asking.next()
        assert isinstance(told, EventFrame)
        assert told.event == "waiting"
        assert told.detail == f"{name} waits for room on this host, where 1 nodes run"
    assert server.begun() == ["first"]
    for name in ("third", "second", "first"):
        server.end(name)
    assert all(ended_well(asking) for asking in (first, *others))
    assert server.begun() == ["first", "second", "third"]


def test_what_is_no_node_does_not_wait(server: Server) -> None:
    first = server.ask("first")
    wait_until(lambda: server.begun() == ["first"])
    assert ended_well(server.ask("", Operation.COMPILE))
    server.end("first")
    assert ended_well(first)


def test_a_node_that_is_cancelled_while_it_waits_never_begins(server: Server) -> None:
    first = server.ask("first")
    wait_until(lambda: server.begun() == ["first"])
    second, third, fourth = (server.ask(name) for name in ("second", "third", "fourth"))
    assert isinstance(second.next(), EventFrame)
    second.stream.cancel()
    told = second.next()
    assert isinstance(told, ErrorFrame)
    assert told.error_type == "Cancelled"
    assert told.message == "node second: the job was cancelled before it began"
    assert isinstance(third.next(), EventFrame)
    third.stream.close()  # as where its process dies
    for name in ("first", "fourth"):
        server.end(name)
    assert ended_well(first)
    assert fourth.next() == EventFrame(
        "waiting", detail="fourth waits for room on this host, where 1 nodes run"
    )
    assert ended_well(fourth)
    assert server.begun() == ["first", "fourth"]


def test_a_server_that_is_stopped_cancels_those_that_wait(server: Server) -> None:
    first = server.ask("first")
    wait_until(lambda: server.begun() == ["first"])
    second = server.ask("second")
    assert isinstance(second.next(), EventFrame)
    server.process.send_signal(signal.SIGTERM)
    assert isinstance(second.next(), ErrorFrame)
    assert [frame for frame in first.frames if isinstance(frame, ErrorFrame)]
    wait_until(lambda: server.process.poll() == 0)
    assert server.begun() == ["first"]


def test_a_job_that_is_cancelled_the_moment_it_begins_leaves_the_server_be(server: Server) -> None:
    for _ in range(30):
        asking = server.ask("first")
        assert isinstance(asking.next(), EventFrame)
        asking.stream.cancel()
        assert asking.kinds() == [EventFrame, ErrorFrame, ExitFrame]
    assert server.process.poll() is None
    server.end("second")
    assert ended_well(server.ask("second"))


def test_a_client_that_an_upgrade_has_overtaken_asks_as_the_new_version_does(
    settings: Settings, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "next").mkdir()
    with serving(tmp_path / "next", SERVER) as other:
        places = iter((server.place, other.place))
        versions = iter(("older", "same"))

        def connect(*_: object) -> socket.socket:
            stream = socket.socket(socket.AF_UNIX)
            stream.connect(str(next(places) / "socket"))
            return stream

        monkeypatch.setattr(client, "connect_or_start", connect)
        monkeypatch.setattr(client, "environment_fingerprint", lambda _: next(versions))
        other.end("first")
        payload = {"node_id": "first", "keras": "3"}
        assert client.LauncherClient(settings).run(Operation.RUN_NODE, payload) == {}
        assert other.begun() == ["first"]
