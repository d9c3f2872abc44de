"""Processes that have opened the store before there is a node for them."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from headrace.launcher.protocol import ErrorFrame, EventFrame, Operation, ResultFrame
from tests.faults.engine import stands_by
from tests.integration.launcher.light_server import Server, serving
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

SERVER = """
import os, sys
from pathlib import Path
from headrace.launcher import standby
from headrace.launcher.forking import ForkServer
from headrace.launcher.listening import listen
from headrace.launcher.protocol import Operation

place = Path(sys.argv[1])
standby.REST_SECONDS = float(os.environ.get("STANDBY_RESTS", "600"))
standby.WANTED_SECONDS = float(os.environ.get("STANDBY_WANTED", "600"))

def prepare(payload):
    with (place / "prepared").open("a") as prepared:
        prepared.write(f"{os.getpid()}\\n")
    if (place / "broken").exists():
        raise OSError("the store cannot be opened")
    while (place / "slow").exists():
        pass
    return lambda given, send: {**run(given, send), "prepared_for": payload["node_id"]}

def run(payload, send):
    return {"node": payload["node_id"], "pid": os.getpid(), "seen": os.environ.get("SEEN", "")}

operations = {Operation.RUN_NODE: run, Operation.COMPILE: lambda payload, send: {}}
preparations = {Operation.RUN_NODE: prepare}
listener = listen(place / "socket")
ForkServer(listener, "same", 60, operations, preparations=preparations).serve()
"""
STORE = "postgresql://me:secret@db/mlmd"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, SERVER) as running:
        yield running


def prepared(server: Server) -> list[int]:
    file = server.place / "prepared"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def is_idle(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() == psutil.STATUS_SLEEPING


def run(server: Server, node: str, url: str = STORE, **environ: str) -> dict:
    payload = {"node_id": node, "metadata_url": url}
    frames = list(server.send(Operation.RUN_NODE, payload, **environ).frames)
    [result] = [frame for frame in frames if isinstance(frame, ResultFrame)]
    return result.value


def wait_for_one(server: Server, count: int = 1) -> int:
    """Until so many processes have ever prepared themselves, and the last of them waits."""
    wait_until(lambda: len(prepared(server)) == count and is_idle(prepared(server)[-1]))
    return prepared(server)[-1]


def test_the_next_node_of_a_store_runs_where_it_is_open_already(server: Server) -> None:
    assert "prepared_for" not in run(server, "First")
    standby = wait_for_one(server)
    second = run(server, "Second", SEEN="yes")
    assert second == {"node": "Second", "pid": standby, "seen": "yes", "prepared_for": "First"}
    assert run(server, "Third", SEEN="")["pid"] not in (standby, second["pid"])


def test_a_node_of_another_store_or_another_login_does_not_run_there(server: Server) -> None:
    run(server, "First")
    standby = wait_for_one(server)
    other = run(server, "Second", url="postgresql://me:secret@other/mlmd")
    login = run(server, "Third", PGSSLCERT="/another")
    assert standby not in (other["pid"], login["pid"])
    assert run(server, "Fourth")["pid"] == standby


def test_nothing_stands_by_for_sqlite_or_for_what_is_no_node(server: Server) -> None:
    run(server, "First", url="sqlite:////tmp/metadata.sqlite")
    run(server, "First", url="")
    list(server.ask("", Operation.COMPILE).frames)
    assert prepared(server) == []


def test_a_node_does_not_wait_for_a_process_that_is_not_ready(server: Server) -> None:
    (server.place / "slow").touch()
    run(server, "First")
    wait_until(lambda: prepared(server))
    assert "prepared_for" not in run(server, "Second")
    (server.place / "slow").unlink()
    wait_for_one(server)
    assert run(server, "Third")["prepared_for"] == "First"


def test_a_store_that_cannot_be_opened_is_the_nodes_own_affair(server: Server) -> None:
    (server.place / "broken").touch()
    run(server, "First")
    wait_until(lambda: prepared(server) and not server.children())
    assert "prepared_for" not in run(server, "Second")


def test_a_process_that_was_killed_while_it_stood_by_is_not_missed(server: Server) -> None:
    run(server, "First")
    os.kill(wait_for_one(server), signal.SIGKILL)
    wait_until(lambda: not server.children())
    assert "prepared_for" not in run(server, "Second")


def test_the_fault_campaign_knows_one_for_as_long_as_it_stands_by(server: Server) -> None:
    run(server, "First")
    standby = wait_for_one(server)
    assert stands_by(standby)
    os.kill(standby, signal.SIGSTOP)
    asking = server.send(Operation.RUN_NODE, {"node_id": "Second", "metadata_url": STORE})
    assert isinstance(asking.next(), EventFrame)
    os.kill(standby, signal.SIGCONT)
    list(asking.frames)
    assert not stands_by(standby)


def test_a_node_that_runs_there_can_be_cancelled(server: Server) -> None:
    run(server, "First")
    os.kill(wait_for_one(server), signal.SIGSTOP)
    asking = server.send(Operation.RUN_NODE, {"node_id": "Second", "metadata_url": STORE})
    started = asking.next()
    assert isinstance(started, EventFrame)
    asking.stream.cancel()
    assert isinstance(asking.next(), EventFrame)
    os.kill(started.pid, signal.SIGCONT)
    assert [frame for frame in asking.frames if isinstance(frame, ErrorFrame)]


def test_one_that_nobody_comes_for_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANDBY_WANTED", "0.1")
    with serving(tmp_path, SERVER) as server:
        run(server, "First")
        wait_until(lambda: prepared(server) and not server.children())


def test_one_that_has_rested_for_long_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDBY_RESTS", "0.1")
    with serving(tmp_path, SERVER) as server:
        run(server, "First")
        wait_until(lambda: len(prepared(server)) > 2)
        assert len(server.children()) <= 1


def test_none_outlives_the_server(server: Server) -> None:
    run(server, "First")
    standby = wait_for_one(server)
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.process.poll() == 0 and not psutil.pid_exists(standby))
