"""Events of one round of the server's, of which an earlier one undoes what a later one is of."""

import contextlib
import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from headrace.launcher.protocol import EventFrame, Hold, Operation, Request, ResultFrame
from headrace.launcher.streams import SocketStream
from tests.integration.launcher.light_server import Client, serving
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

SERVER = """
import os, sys, time
from pathlib import Path
from headrace.launcher.forking import ForkServer
from headrace.launcher.listening import listen
from headrace.launcher.protocol import Operation

place = Path(sys.argv[1])

def run_node(payload, send):
    if payload["node_id"] == "Well":
        return {"it": "went well"}
    if os.fork() == 0:
        os.setsid()  # it outlives the job, and has its pipes
        (place / "daemon").write_text(str(os.getpid()))
        while not (place / "speak").exists():
            time.sleep(0.01)
        print("said after the end", flush=True)
        (place / "spoken").touch()
        time.sleep(600)
    while not (place / "daemon").exists():
        time.sleep(0.01)
    raise ValueError("it failed")

operations = {Operation.RUN_NODE: run_node, Operation.COMPILE: lambda payload, send: {}}
ForkServer(listen(place / "socket"), "same", 60, operations).serve()
"""


def request(node: str, attempt: int) -> Request:
    hold = Hold(key="k", digest="d", attempt=attempt, seconds=600)
    return Request(Operation.RUN_NODE, {"node_id": node}, "same", hold=hold)


def test_output_of_a_job_that_was_just_given_up_is_nobodys(tmp_path: Path) -> None:
    with serving(tmp_path, SERVER) as server:
        first = Client(tmp_path / "socket", request("Fails", 1))
        assert isinstance(first.next(), EventFrame)
        first.stream.let_go()
        wait_until((tmp_path / "daemon").exists)
        wait_until(lambda: not server.children())
        daemon = int((tmp_path / "daemon").read_text())
        with contextlib.ExitStack() as ending:
            ending.callback(os.kill, daemon, signal.SIGKILL)
            second = ending.enter_context(socket.socket(socket.AF_UNIX))
            second.connect(str(tmp_path / "socket"))
            # Connections are accepted in their order.
            assert list(server.ask("", Operation.COMPILE).frames)
            process = psutil.Process(server.process.pid)
            process.suspend()
            wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
            asking = SocketStream(second, request("Well", 2))
            (tmp_path / "speak").touch()
            wait_until((tmp_path / "spoken").exists)
            process.resume()
            assert [frame for frame in asking.frames() if isinstance(frame, ResultFrame)]
            assert server.process.poll() is None
