"""A job with a hold outlives its client, and is found by the next one."""

import asyncio
import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from headrace.launcher.client import JobFailed, LauncherClient, LetGo, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.launcher.paths import launcher_paths
from headrace.launcher.protocol import EventFrame, ExitFrame, Frame, Hold, LogFrame
from headrace.launcher.watching import cancel, watch
from headrace.settings import Settings
from tests.integration.launcher.conftest import Tiny, started_pid
from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.integration

CLIENT = """
import pickle, sys
from headrace.launcher.client import run_node

settings, request, hold = pickle.load(open(sys.argv[1], "rb"))
run_node(settings, request, lambda frame: print(frame, flush=True), hold=hold)
"""


class Held:
    """The node that waits for a file, asked for with a hold."""

    def __init__(self, runs: Tiny, tmp_path: Path) -> None:
        self.runs, self.tmp_path = runs, tmp_path
        self.go_on = tmp_path / "go-on"
        self.request: NodeRequest = runs.request("Use", "r1", {"mode": "wait"})
        self.hold = Hold(key=str(tmp_path), digest="d", attempt=1, seconds=60)
        self.frames: list[Frame] = []

    def run(self, hold: Hold, client: LauncherClient | None = None) -> NodeResult:
        settings: Settings = self.runs.settings
        return run_node(settings, self.request, self.frames.append, client, hold)

    def in_thread(self, hold: Hold, client: LauncherClient) -> tuple[threading.Thread, list]:
        ends: list[object] = []

        def work() -> None:
            try:
                ends.append(self.run(hold, client))
            except Exception as error:
                ends.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        return thread, ends

    def left_by_a_killed_client(self) -> int:
        """Start the node from a process that is killed; return the node's process."""
        arguments = self.tmp_path / "arguments"
        arguments.write_bytes(pickle.dumps((self.runs.settings, self.request, self.hold)))
        process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(arguments)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        line = next(line for line in process.stdout if "waiting as" in line)
        process.kill()
        process.wait()
        return int(line.partition("waiting as ")[2].partition("'")[0])

    def left_by_itself(self) -> LetGo:
        client = LauncherClient(self.runs.settings)
        thread, ends = self.in_thread(self.hold, client)
        wait_until(lambda: waits_as(self.frames))
        client.let_go()
        thread.join(LONG_SECONDS)
        [left] = ends
        assert isinstance(left, LetGo)
        return left

    def watched(self, hold: Hold) -> list[Frame]:
        socket = launcher_paths(self.runs.settings).socket

        async def collect() -> list[Frame]:
            return [frame async for frame in watch(socket, hold)]

        return asyncio.run(collect())


def waits_as(frames: list[Frame]) -> int:
    said = [f.message for f in frames if isinstance(f, LogFrame) and "waiting as" in f.message]
    return int(said[-1].removeprefix("waiting as ")) if said else 0


@pytest.fixture
def held(runs: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Held:
    monkeypatch.setenv("TINY_MARKER", str(tmp_path / "go-on"))
    runs.run("Make")
    return Held(runs, tmp_path)


def test_the_next_try_goes_on_with_the_node_of_a_killed_client(held: Held) -> None:
    pid = held.left_by_a_killed_client()
    assert psutil.pid_exists(pid)
    held.go_on.touch()
    result = held.run(replace(held.hold, attempt=2))
    assert result.state == "COMPLETE"
    assert started_pid(held.frames) == pid == waits_as(held.frames)
    assert held.runs.states() == ["COMPLETE", "COMPLETE"]


def test_a_node_that_failed_meanwhile_is_run_again_by_the_next_try(held: Held) -> None:
    pid = held.left_by_a_killed_client()
    held.go_on.write_text("fail")
    wait_until(lambda: "FAILED" in held.runs.states())
    wait_until(lambda: not psutil.pid_exists(pid))
    held.go_on.write_text("fine")
    assert held.run(replace(held.hold, attempt=2)).state == "COMPLETE"
    assert started_pid(held.frames) != pid


def test_the_same_try_is_told_of_a_failure(held: Held) -> None:
    left = held.left_by_itself()
    held.go_on.write_text("fail")
    with pytest.raises(JobFailed, match="told to fail"):
        held.run(replace(held.hold, seen=left.seen))


def test_a_node_that_is_asked_for_with_other_parameters_is_ended_first(held: Held) -> None:
    pid = held.left_by_a_killed_client()
    held.go_on.touch()
    # The first is told to end before it can see the file, or has seen it: one execution either way.
    assert held.run(replace(held.hold, digest="other", attempt=2)).state == "COMPLETE"
    assert started_pid(held.frames) != pid
    assert held.runs.states() == ["COMPLETE", "COMPLETE"]


def test_a_client_that_gives_up_ends_its_node(held: Held) -> None:
    class GivenUp(Exception):
        pass

    def give_up(frame: Frame) -> None:
        held.frames.append(frame)
        if waits_as(held.frames):
            raise GivenUp

    with pytest.raises(GivenUp):
        run_node(held.runs.settings, held.request, give_up, hold=held.hold)
    pid = waits_as(held.frames)
    wait_until(lambda: not psutil.pid_exists(pid))
    wait_until(lambda: held.runs.states() == ["COMPLETE", "CANCELED"])


def test_a_node_that_nobody_comes_for_is_ended(held: Held) -> None:
    held.hold = replace(held.hold, seconds=1)
    pid = held.left_by_a_killed_client()
    wait_until(lambda: not psutil.pid_exists(pid))
    wait_until(lambda: held.runs.states() == ["COMPLETE", "CANCELED"])


def test_a_node_that_was_let_go_waits_less_long_for_who_is_to_come(held: Held) -> None:
    held.hold = replace(held.hold, handover=1)
    held.left_by_itself()
    pid = waits_as(held.frames)
    wait_until(lambda: not psutil.pid_exists(pid))
    wait_until(lambda: held.runs.states() == ["COMPLETE", "CANCELED"])


def test_once_somebody_has_come_a_node_that_was_let_go_waits_as_any_other(held: Held) -> None:
    held.hold = replace(held.hold, handover=2)
    left = held.left_by_itself()
    socket = launcher_paths(held.runs.settings).socket

    async def look_on() -> None:
        async for _ in watch(socket, held.hold):
            pass

    async def look_on_for_a_moment() -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(look_on(), 0.5)

    asyncio.run(look_on_for_a_moment())
    time.sleep(4)
    assert psutil.pid_exists(waits_as(held.frames))
    held.go_on.touch()
    assert held.run(replace(held.hold, seen=left.seen)).state == "COMPLETE"


def test_who_watches_sees_the_end_and_leaves_it_to_who_takes_it(held: Held) -> None:
    left = held.left_by_itself()
    held.go_on.touch()
    hold = replace(held.hold, seen=left.seen)
    for _ in range(2):
        frames = held.watched(hold)
        assert frames[-1] == ExitFrame(0, None, frames[-1].cpu_seconds, frames[-1].max_rss_bytes)
        assert not waits_as(frames)
    assert held.run(replace(hold, seen=left.seen)).state == "COMPLETE"
    assert held.watched(hold) == [EventFrame("unknown")]


def test_a_watcher_does_not_take_the_place_of_a_client(held: Held) -> None:
    client = LauncherClient(held.runs.settings)
    thread, ends = held.in_thread(held.hold, client)
    wait_until(lambda: waits_as(held.frames))
    assert held.watched(held.hold) == [EventFrame("taken")]
    held.go_on.touch()
    thread.join(LONG_SECONDS)
    assert [end.state for end in ends] == ["COMPLETE"]


def test_a_job_that_was_let_go_can_be_ended_from_outside(held: Held) -> None:
    left = held.left_by_itself()
    pid = waits_as(held.frames)
    socket = launcher_paths(held.runs.settings).socket
    asyncio.run(cancel(socket, replace(held.hold, seen=left.seen)))
    wait_until(lambda: not psutil.pid_exists(pid))
    wait_until(lambda: held.runs.states() == ["COMPLETE", "CANCELED"])
    assert os.path.exists(socket)
