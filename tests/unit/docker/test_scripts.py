"""The image's scripts, run for real."""

import http.server
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

from cryptography.fernet import Fernet

from tests.containers import DOCKER, compose


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def run(name: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(DOCKER / name), *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_are_made_once_for_nobody_else(tmp_path: Path) -> None:
    directory = tmp_path / "secrets"
    first = run("make-secrets", str(directory))
    made = {path.name: path.read_text() for path in directory.iterdir()}
    assert set(made) == set(compose()["secrets"])
    assert len(first.stdout.splitlines()) == len(made)
    assert mode(directory) == 0o700
    assert {mode(path) for path in directory.iterdir()} == {0o444}
    Fernet(made["fernet_key"].strip().encode())
    assert len(json.loads(made["airflow_passwords"])["admin"]) >= 24
    assert len(set(made.values())) == len(made)
    again = run("make-secrets", str(directory))
    assert (again.stdout, again.returncode) == ("", 0)
    assert {path.name: path.read_text() for path in directory.iterdir()} == made


def test_the_entrypoint_makes_what_libpq_and_airflow_read_then_becomes_the_command(
    tmp_path: Path,
) -> None:
    secrets, private = tmp_path / "secrets", tmp_path / "private"
    secrets.mkdir()
    private.mkdir()
    (secrets / "airflow_database_password").write_text("a:b\\c\n")
    (secrets / "metadata_password").write_text("plain")
    (secrets / "airflow_passwords").write_text('{"admin": "x"}\n')
    (secrets / "airflow_passwords").chmod(0o444)
    environ = {
        "HEADRACE_SECRETS": str(secrets),
        "PGPASSFILE": str(private / "pgpass"),
    }
    for _ in range(2):  # a container that is started again has the files already
        done = run("entrypoint", "sh", "-c", 'umask; echo "$1"; exit 7', "-", "a b", **environ)
        assert (done.stdout.splitlines()[1:], done.returncode, done.stderr) == (["a b"], 7, "")
        assert done.stdout.splitlines()[0] != "0077"
    lines = (private / "pgpass").read_text().splitlines()
    assert lines == ["*:*:airflow:airflow:a\\:b\\\\c", "*:*:*:mlmd:plain"]
    assert {path.name: mode(path) for path in private.iterdir()} == {
        "pgpass": 0o600,
        "airflow_passwords.json": 0o600,
    }


def test_the_entrypoint_needs_no_secret(tmp_path: Path) -> None:
    environ = {"HEADRACE_SECRETS": str(tmp_path), "PGPASSFILE": str(tmp_path / "pgpass")}
    done = run("entrypoint", "true", **environ)
    assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (0, "", [])


def test_health_is_an_answer_or_a_listener() -> None:
    with http.server.HTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    ) as server, socket.socket() as unused:  # fmt: skip
        unused.bind(("127.0.0.1", 0))
        port, closed = server.server_port, unused.getsockname()[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def health(*arguments: str) -> tuple[int, str]:
            # By the interpreter at hand, which in the image is the one on PATH.
            command = [sys.executable, "-I", str(DOCKER / "health"), *arguments]
            environ = {**os.environ, "http_proxy": f"http://127.0.0.1:{closed}"}
            done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
            return done.returncode, done.stderr

        assert health(f"http://127.0.0.1:{port}/") == (0, "")
        assert health(f"127.0.0.1:{port}") == (0, "")
        assert health(f"http://127.0.0.1:{port}/none")[0] == 1
        assert "refused" in health(f"127.0.0.1:{closed}")[1]
        assert "health URL | HOST:PORT" in health()[1]
        server.shutdown()
