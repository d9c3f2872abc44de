"""A real MariaDB server for tests, on a free port of the loopback interface."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.postgres import PASSWORD, QUOTED

_PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


@dataclass(frozen=True)
class MariaDB:
    """A running server; ``tester`` may do anything in it."""

    port: int
    socket: Path

    def url(self, database: str, password: str = QUOTED) -> str:
        return f"mysql://tester:{password}@127.0.0.1:{self.port}/{database}"

    def query(self, database: str, sql: str) -> str:
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "-BN"]
        return subprocess.run(
            [*command, "-e", sql, database], capture_output=True, text=True, check=True
        ).stdout.strip()


@contextlib.contextmanager
def server() -> Iterator[MariaDB]:
    program = shutil.which("mariadbd", path=_PLACES)
    if program is None:
        pytest.skip("MariaDB is not installed (Debian: apt-get install mariadb-server)")
    root = Path(tempfile.mkdtemp(prefix="headrace-mariadb-"))
    # The server refuses to run as root unless it is told to.
    options = ["--no-defaults", f"--datadir={root / 'data'}"]
    options += ["--user=root"] if os.getuid() == 0 else []
    normal = "--auth-root-authentication-method=normal"
    subprocess.run(
        ["mariadb-install-db", *options, normal, "--skip-test-db"],
        cwd=root, check=True, capture_output=True,
    )  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *options, f"--port={port}", "--bind-address=127.0.0.1",
             f"--socket={root / 'socket'}", "--innodb-flush-log-at-trx-commit=0"],
            cwd=root, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        running = MariaDB(port, root / "socket")
        _wait_for(running, process, root / "log")
        running.query("mysql", f"create user tester@localhost identified by '{PASSWORD}'")
        running.query("mysql", "grant all on *.* to tester@localhost")
        yield running
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(root, ignore_errors=True)


def _wait_for(running: MariaDB, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        if b"ready for connections" in log.read_bytes() and running.socket.exists():
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())
