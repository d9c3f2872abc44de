"""Cancelled nodes and killed clients leave nothing behind."""

import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from headrace.errors import HeadraceError
from headrace.launcher.client import JobKilled, LauncherClient
from headrace.launcher.protocol import Frame, LogFrame
from headrace.settings import Settings
from tests.integration.launcher.conftest import Tiny
from tests.processes import spawned
from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.integration


def test_a_cancelled_node_leaves_no_process_and_is_closed_in_the_store(
    runs: Tiny, anyhow: Settings
) -> None:
    runs.run("Make")
    runs.settings = anyhow
    client = LauncherClient(anyhow)
    failures: list[HeadraceError] = []

    def work() -> None:
        try:
            runs.run("Use", client=client, mode="spawn")
        except HeadraceError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: len(spawned(anyhow.home)) == 2)
    client.cancel()
    thread.join(LONG_SECONDS)
    assert not thread.is_alive()
    assert len(failures) == 1
    wait_until(lambda: not spawned(anyhow.home))
    assert runs.states() == ["COMPLETE", "CANCELED"]


def test_a_node_that_does_not_end_when_told_to_is_killed_and_closed_all_the_same(
    runs: Tiny, anyhow: Settings
) -> None:
    runs.run("Make")
    runs.settings = anyhow
    client = LauncherClient(anyhow)

    def cancel_when_deaf(frame: Frame) -> None:
        if isinstance(frame, LogFrame) and "deaf as" in frame.message:
            client.cancel()

    with pytest.raises(HeadraceError):
        runs.run("Use", client=client, on_frame=cancel_when_deaf, mode="deaf")
    wait_until(lambda: runs.states() == ["COMPLETE", "CANCELED"])


def test_what_a_killed_node_left_open_is_closed_without_another_try(
    runs: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_MARKER", str(tmp_path / "marker"))
    runs.run("Make")
    with pytest.raises(JobKilled, match="SIGKILL"):
        runs.run("Use", mode="kill-once")
    wait_until(lambda: runs.states() == ["COMPLETE", "FAILED"])
    [_, closed] = runs.store().get_executions()
    assert "ended without a word" in closed.custom_properties["headrace_error"].string_value
    node = Path(closed.custom_properties["headrace_directory"].string_value)
    assert node.name == "Use"
    assert not (node / ".system" / "executor_execution" / str(closed.id)).exists()
    assert list((node / ".system" / "stateful_working_dir").glob("*")) == []


def test_a_client_that_is_killed_takes_its_node_along(runs: Tiny, tmp_path: Path) -> None:
    runs.run("Make")
    script = tmp_path / "client.py"
    script.write_text(
        "import sys, pickle\n"
        "from headrace.launcher.client import run_node\n"
        "settings, request = pickle.load(open(sys.argv[1], 'rb'))\n"
        "run_node(settings, request, lambda frame: print(frame, flush=True))\n"
    )
    import pickle

    arguments = tmp_path / "arguments"
    arguments.write_bytes(
        pickle.dumps((runs.settings, runs.request("Use", "r1", {"mode": "sleep"})))
    )
    process = subprocess.Popen(
        [sys.executable, str(script), str(arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = next(line for line in process.stdout if "started" in line)
    pid = int(line.partition("pid=")[2].partition(",")[0])
    wait_until(lambda: runs.states() == ["COMPLETE", "RUNNING"])
    process.kill()
    process.wait()
    wait_until(lambda: not psutil.pid_exists(pid))
    wait_until(lambda: runs.states() == ["COMPLETE", "CANCELED"])


def test_what_a_node_leaves_in_tmpdir_is_removed(
    runs: Tiny, anyhow: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    runs.run("Make")
    runs.settings = anyhow
    with pytest.raises(HeadraceError):
        runs.run("Use", mode="litter")
    said = [frame.message for frame in runs.frames if isinstance(frame, LogFrame)]
    [litter] = [Path(text.removeprefix("left ")) for text in said if text.startswith("left ")]
    assert litter.is_relative_to(tmp_path)
    wait_until(lambda: not litter.exists())
    wait_until(lambda: not list(tmp_path.glob("headrace-*")))
