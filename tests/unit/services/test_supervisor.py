"""A supervisor in a process of its own, with shells for components."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.services.identity import wait_until_gone
from headrace.services.state import Phase, ServiceState, read_state

SUPERVISOR = """
import sys
from pathlib import Path
from headrace.services.service import Component, Service
from headrace.services.supervisor import Supervisor

home = Path(sys.argv[1])

def component(name, script, **more):
    return Component(name, ("sh", "-c", script), home / f"{name}.log", home, **more)

service = Service(
    state=home / "state.json",
    port=1,
    components=(
        component("first", "echo $GREETING; exec sleep 300", environ={"GREETING": "hello"}),
        component("needy", "exec sleep 300", needs=("first",)),
        component("other", "exec sleep 300"),
    ),
    before=component("before", sys.argv[2]),
    before_says="making ready",
    waiting_for=lambda: "" if (home / "ready").exists() else "waiting for a file",
    details={"answer": 42},
)
sys.exit(Supervisor(service).run())
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    processes = []

    def started(before: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", SUPERVISOR, str(tmp_path), before]
        processes.append(subprocess.Popen(command))
        return processes[-1]

    yield started
    for process in processes:
        process.terminate()
        process.wait(60)


def wait_for(home: Path, condition: Callable[[ServiceState], bool]) -> ServiceState:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = read_state(home / "state.json")
        if state is not None and condition(state):
            return state
        time.sleep(0.05)
    raise AssertionError("the state never came")


def test_a_service_is_starting_until_it_says_that_it_can_be_used(
    tmp_path: Path, start: Callable[[str], "subprocess.Popen[bytes]"]
) -> None:
    supervisor = start("true")
    starting = wait_for(tmp_path, lambda state: state.message == "waiting for a file")
    assert starting.phase is Phase.STARTING
    assert starting.details == {"answer": 42}
    (tmp_path / "ready").touch()
    running = wait_for(tmp_path, lambda state: state.phase is Phase.RUNNING)
    assert running.message == ""
    assert (tmp_path / "first.log").read_text() == "hello\n"
    supervisor.terminate()
    assert supervisor.wait(60) == 0
    for process in running.processes():
        assert wait_until_gone(process, 10)


def test_a_component_starts_again_with_those_that_need_it_and_no_other(
    tmp_path: Path, start: Callable[[str], "subprocess.Popen[bytes]"]
) -> None:
    start("true")
    before = wait_for(tmp_path, lambda state: len(state.components) == 3).components
    lost = before["first"].process.find()
    assert lost is not None
    lost.kill()
    after = wait_for(
        tmp_path,
        lambda state: all(state.components[name].restarts == 1 for name in ("first", "needy")),
    ).components
    assert "ended with -9" in after["first"].trouble
    assert after["needy"].trouble == ""
    assert wait_until_gone(before["needy"].process, 10)
    assert after["other"] == before["other"]


def test_what_fails_before_the_components_is_the_services_failure(
    tmp_path: Path, start: Callable[[str], "subprocess.Popen[bytes]"]
) -> None:
    supervisor = start("echo no disk; exit 3")
    failed = wait_for(tmp_path, lambda state: state.phase is Phase.FAILED)
    assert failed.message.startswith("making ready failed\nno disk")
    assert failed.components == {}
    assert supervisor.wait(60) == 1
