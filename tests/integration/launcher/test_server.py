"""The launcher server: its children, its death, its successor, its socket."""

import socket
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from headrace.ir.manifest import Manifest
from headrace.launcher.client import LauncherUnavailable, stop_launcher
from headrace.launcher.jobs import NodeResult
from headrace.launcher.paths import launcher_paths
from headrace.launcher.protocol import Frame, LogFrame
from headrace.launcher.starting import connect, launcher_process
from headrace.launcher.warming import warm_launcher
from headrace.settings import LauncherMode, Settings
from tests.integration.launcher.conftest import Tiny, started_pid
from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.integration


def test_the_server_survives_its_children_and_serves_many_at_once(
    settings: Settings, tiny: Manifest, tmp_path: Path
) -> None:
    runs = Tiny(settings, tiny, tmp_path / "shared.sqlite")
    server = launcher_process(settings)
    assert server is not None
    results: list[NodeResult] = []
    threads = [
        threading.Thread(
            target=lambda n=n: results.append(runs.run("Make", run=f"r{n}", word=f"w{n}"))
        )
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.run_id for result in results) == sorted(f"r{n}" for n in range(12))
    assert runs.states() == ["COMPLETE"] * 12
    assert launcher_process(settings) == server


def test_a_launcher_can_be_started_before_it_is_needed(settings: Settings, tmp_path: Path) -> None:
    own = replace(settings, home=tmp_path)
    thread = warm_launcher(own)
    try:
        assert thread is not None
        thread.join(LONG_SECONDS)
        assert launcher_process(own) is not None
    finally:
        stop_launcher(own)
    assert warm_launcher(replace(own, launcher=LauncherMode.SUBPROCESS)) is None


def test_a_killed_server_fails_its_job_and_the_next_one_closes_what_it_left(
    runs: Tiny,
) -> None:
    runs.run("Make")
    server = launcher_process(runs.settings)
    assert server is not None

    def kill_when_deaf(frame: Frame) -> None:
        runs.frames.append(frame)
        if isinstance(frame, LogFrame) and "deaf as" in frame.message:
            server.kill()

    with pytest.raises(LauncherUnavailable, match="the launcher ended while it ran the job"):
        runs.run("Use", on_frame=kill_when_deaf, mode="deaf")
    wait_until(lambda: not psutil.pid_exists(started_pid(runs.frames)))
    assert runs.states() == ["COMPLETE", "RUNNING"]
    runs.run("Make", run="another")
    wait_until(lambda: runs.states()[1] == "FAILED")
    assert runs.run("Use", mode="fine").state == "COMPLETE"
    assert launcher_process(runs.settings) != server


def test_a_server_of_another_version_makes_way(runs: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.run("Make")
    before = launcher_process(runs.settings)
    monkeypatch.setattr("headrace.launcher.client.environment_fingerprint", lambda _: "another")
    assert runs.run("Make", run="r2").cached
    after = launcher_process(runs.settings)
    assert after is not None
    assert after != before


def test_a_server_makes_way_for_a_client_that_speaks_a_later_version(runs: Tiny) -> None:
    runs.run("Make")
    before = launcher_process(runs.settings)
    stream = connect(launcher_paths(runs.settings))
    assert stream is not None
    with stream:
        stream.sendall(b'{"version": 1000, "unheard_of": true}\n')
        assert b'"stale"' in stream.recv(4096)
    assert runs.run("Make", run="r2").cached
    assert launcher_process(runs.settings) not in (None, before)


def test_garbage_on_the_socket_hurts_nobody(runs: Tiny) -> None:
    runs.run("Make")
    for garbage in (b"\n", b"{}\n", b"\x00\xff\n", b'{"version": 1}\n', b"GET / HTTP/1.1\r\n\r\n"):
        stream = connect(launcher_paths(runs.settings))
        assert stream is not None
        with stream:
            stream.sendall(garbage)
            assert b"ProtocolError" in stream.recv(4096)
    assert runs.run("Use").state == "COMPLETE"


def test_the_socket_and_its_directory_are_the_users_only(runs: Tiny) -> None:
    runs.run("Make")
    socket = launcher_paths(runs.settings).socket
    assert socket.stat().st_mode & 0o777 == 0o600
    assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_nothing_is_left_to_read_of_the_request(
    runs: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://u:hunter2@h/d")
    runs.run("Make")
    server = launcher_process(runs.settings)
    assert server is not None
    assert "hunter2" not in " ".join(server.cmdline())
    log = (runs.settings.layout.logs / "launcher.log").read_text()
    assert "hunter2" not in log


def test_a_job_that_no_server_began_is_given_to_the_next_one(runs: Tiny) -> None:
    """A server that is being killed still accepts connections, until the kernel has closed all."""
    from headrace.launcher.paths import launcher_paths
    from headrace.launcher.starting import stop_launcher

    stop_launcher(runs.settings)
    paths = launcher_paths(runs.settings)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dying:
        dying.bind(str(paths.socket))
        dying.listen()
        taken = threading.Thread(target=lambda: dying.accept()[0].close())
        taken.start()
        outcome: list[NodeResult] = []
        job = threading.Thread(target=lambda: outcome.append(runs.run("Make")))
        job.start()
        taken.join()
    job.join()
    assert [result.state for result in outcome] == ["COMPLETE"]
