"""Another user of the machine tries to use the launcher, or to be taken for it."""

import asyncio
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headrace.errors import HeadraceError
from headrace.launcher.paths import LauncherPaths, launcher_paths
from headrace.launcher.protocol import Hold, Operation, Request, encode
from headrace.launcher.starting import LauncherUnavailable, connect
from headrace.launcher.watching import watch
from headrace.settings import load_settings
from tests.other_user import UID, as_another_user, needs_root

SERVER = """
import sys
from pathlib import Path
from headrace.launcher.forking import ForkServer
from headrace.launcher.listening import listen
listener = listen(Path(sys.argv[1]))
print("listening", flush=True)
ForkServer(listener, "f", 600.0, {}).serve()
"""
ASKING = """
stream = socket.socket(socket.AF_UNIX)
try:
    stream.connect(sys.argv[1])
    stream.sendall(sys.argv[2].encode())
    print("answered", stream.recv(100))
except OSError as error:
    print(type(error).__name__)
"""
LISTENING = """
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
listener.listen()
print("listening", flush=True)
sys.stdin.readline()
"""
ASKED = encode(Request(Operation.RUN_NODE, {}, fingerprint="another")).decode()
HOLD = Hold("key", "digest", "1", 60)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that every user may enter and write to, as /tmp is."""
    with tempfile.TemporaryDirectory(prefix="open-") as name:
        os.chmod(name, 0o1777)
        yield Path(name)


@pytest.fixture
def served(open_place: Path) -> Iterator[Path]:
    """The socket of a server of ours."""
    path = open_place / "launcher.sock"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "listening\n"
    yield path
    process.kill()
    process.communicate()


@pytest.fixture
def of_another(open_place: Path) -> Iterator[Path]:
    """A socket that another user listens on."""
    path = open_place / "launcher.sock"
    process = as_another_user(LISTENING, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "listening\n"
    yield path
    process.communicate("\n")


def asked_by_another(path: Path) -> str:
    return as_another_user(ASKING, path, ASKED).communicate(timeout=30)[0].strip()


def test_the_socket_is_its_owners_only(served: Path) -> None:
    assert stat.S_IMODE(served.stat().st_mode) == 0o600
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(served))
        stream.sendall(ASKED.encode())
        assert b"stale" in stream.recv(100)


@needs_root
def test_another_user_cannot_open_the_socket(served: Path) -> None:
    assert asked_by_another(served) == "PermissionError"


@needs_root
def test_another_user_is_not_answered_even_where_the_socket_is_open_to_all(served: Path) -> None:
    served.chmod(0o777)
    assert asked_by_another(served) in ("answered b''", "ConnectionResetError", "BrokenPipeError")


@needs_root
def test_a_server_of_another_user_is_not_asked(of_another: Path, tmp_path: Path) -> None:
    paths = LauncherPaths(of_another, tmp_path / "lock", tmp_path / "state", tmp_path / "log")
    with pytest.raises(LauncherUnavailable, match="another user's"):
        connect(paths)


@needs_root
def test_a_server_of_another_user_is_not_watched(of_another: Path) -> None:
    async def first() -> object:
        return await anext(watch(of_another, HOLD))

    with pytest.raises(PermissionError, match="another user's"):
        asyncio.run(first())


@needs_root
def test_a_directory_for_sockets_that_another_user_has_made_is_not_used(
    open_place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    settings = replace(load_settings(tmp_path, environ={}), home=deep)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_place))
    ours = launcher_paths(settings).socket.parent
    assert ours.parent == open_place
    assert stat.S_IMODE(ours.stat().st_mode) == 0o700
    os.chown(ours, UID, UID)
    with pytest.raises(HeadraceError, match="belongs to somebody else"):
        launcher_paths(settings)
    ours.rmdir()
    ours.symlink_to(tmp_path)
    with pytest.raises((HeadraceError, OSError)):
        launcher_paths(settings)


def test_the_launchers_places_are_its_owners_only(tmp_path: Path) -> None:
    settings = replace(load_settings(tmp_path, environ={}), home=tmp_path / "state")
    found = launcher_paths(settings)
    assert stat.S_IMODE(found.state.parent.stat().st_mode) == 0o700
