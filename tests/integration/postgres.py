"""A real PostgreSQL server for tests and benchmarks, on a free port of the loopback interface."""

import contextlib
import os
import pwd
import shutil
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

    def query(self, database: str, sql: str) -> str:
        environ = {**os.environ, "PGPASSWORD": PASSWORD}
        command = [str(self.bin / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "tester"]
        return subprocess.run(
            [*command, "-d", database, "-tAc", sql],
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


@contextlib.contextmanager
def server() -> Iterator[Postgres]:
    binaries = find_binaries()
    if binaries is None:
        import pytest  # benchmarks have looked before

        pytest.skip("PostgreSQL's server is not installed (Debian: apt-get install postgresql)")
    user = None
    root = Path(tempfile.mkdtemp(prefix="headrace-postgres-"))
    if os.getuid() == 0:  # the server refuses to run as root
        user = "postgres" if _exists("postgres") else "nobody"
        os.chown(root, pwd.getpwnam(user).pw_uid, -1)
    (root / "password").write_text(PASSWORD)
    (root / "password").chmod(0o644)
    data = root / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "tester", "-A", "scram-sha-256",
         f"--pwfile={root / 'password'}", "--no-sync"],
        user=user, cwd=root, check=True, capture_output=True,
    )  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (root / "log").open("wb")
    process = subprocess.Popen(
        [binaries / "postgres", "-D", data, "-p", str(port), "-k", root,
         "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
        user=user, cwd=root, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        _wait_for(port, process, root / "log")
        yield Postgres(port, binaries)
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        shutil.rmtree(root, ignore_errors=True)


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
