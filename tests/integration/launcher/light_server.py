"""A real launcher's server with light jobs, so that no TFX has to be imported."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from headrace.launcher.protocol import Frame, Operation, Request
from headrace.launcher.streams import SocketStream
from tests.waiting import wait_until


@dataclass
class Server:
    place: Path
    process: "subprocess.Popen[bytes]"

    def ask(self, node: str, operation: Operation = Operation.RUN_NODE) -> "Client":
        return self.send(operation, {"node_id": node})

    def send(self, operation: Operation, payload: dict[str, Any], **environ: str) -> "Client":
        return Client(self.place / "socket", Request(operation, payload, "same", environ))

    def begun(self) -> list[str]:
        file = self.place / "begun"
        return file.read_text().split() if file.exists() else []

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def end(self, node: str) -> None:
        (self.place / node).touch()


class Client:
    """Asks for a job and reads its frames one by one."""

    def __init__(self, path: Path, request: Request) -> None:
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(str(path))
        self.stream = SocketStream(stream, request)
        self.frames = self.stream.frames()

    def next(self) -> Frame:
        return next(self.frames)

    def kinds(self) -> list[type[Frame]]:
        return [type(frame) for frame in self.frames]


@contextlib.contextmanager
def serving(place: Path, script: str) -> Iterator[Server]:
    """The server that a Python text serves, which is given the directory for its socket."""
    process = subprocess.Popen([sys.executable, "-c", script, str(place)])
    try:
        wait_until((place / "socket").exists)
        yield Server(place, process)
    finally:
        process.kill()
        process.wait()
