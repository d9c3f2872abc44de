"""A real PostgreSQL server for tests and benchmarks, on a free port of the loopback interface."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "p@ss:/w#rd"
QUOTED = "p%40ss%3A%2Fw%23rd"


@dataclass(frozen=True)
class Postgres:
    """A running server; its superuser is ``tester``."""

    port: int
    bin: Path

    def url(self, database: str, password: str = QUOTED) -> str:
        return f"postgresql://tester:{password}@127.0.0.1:{self.port}/{database}"

    def query(self, database: str, sql: str, *options: str) -> str:
        """What psql prints: values alone, or as its ``options`` say."""
        environ = {**os.environ, "PGPASSWORD": PASSWORD}
        command = [str(self.bin / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "tester"]
        return subprocess.run(
            [*command, "-d", database, *(options or ("-tA",)), "-c", sql],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()


def find_binaries() -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    places += [Path(found).resolve().parent] if found else []
    return next((place for place in places if (place / "initdb").exists()), None)


class Server:
    """A server of its own, which can be ended and started again over the same data.

    Attributes:
        process: its first process, which ends the others with itself.
    """

    def __init__(self, binaries: Path, root: Path) -> None:
        self._root, self._user = root, None
        if os.getuid() == 0:  # the server refuses to run as root
            self._user = "postgres" if _exists("postgres") else "nobody"
            os.chown(root, pwd.getpwnam(self._user).pw_uid, -1)
        (root / "password").write_text(PASSWORD)
        (root / "password").chmod(0o644)
        subprocess.run(
            [binaries / "initdb", "-D", root / "data", "-U", "tester", "-A", "scram-sha-256",
             f"--pwfile={root / 'password'}", "--no-sync"],
            user=self._user, cwd=root, check=True, capture_output=True,
        )  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = Postgres(probe.getsockname()[1], binaries)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        root, port = self._root, self.address.port
        (root / "log").unlink(missing_ok=True)
        with (root / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.address.bin / "postgres", "-D", root / "data", "-p", str(port), "-k", root,
                 "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
                user=self._user, cwd=root, stdout=log, stderr=log,
            )  # fmt: skip
        _wait_for(port, self.process, root / "log")

    def stop(self) -> None:
        """End it in order, whoever is connected: a process of the launcher's may stand by."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


@contextlib.contextmanager
def servers() -> Iterator[Server]:
    """A server, for as long as the context lasts."""
    binaries = find_binaries()
    if binaries is None:
        import pytest  # benchmarks have looked before

        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    root = Path(tempfile.mkdtemp(prefix="headrace-postgres-"))
    try:
        found = Server(binaries, root)
        try:
            yield found
        finally:
            found.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def server() -> Iterator[Postgres]:
    """The same, for those who only ask it."""
    with servers() as found:
        yield found.address


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        if b"ready to accept connections" in log.read_bytes():
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text())
