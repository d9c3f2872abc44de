import os
import subprocess
import sys
from pathlib import Path

import psutil

from headrace.services.identity import ProcessIdentity, wait_until_gone
from headrace.services.state import ComponentState, Phase, ServiceState, write_state

SUPERVISOR = """
import os, subprocess, sys, time
from pathlib import Path
from headrace.services.guard import guarded
from headrace.services.identity import ProcessIdentity
from headrace.services.state import ComponentState, Phase, ServiceState, write_state

state = Path(sys.argv[1])
me = ProcessIdentity.of(os.getpid())
with guarded(me, state):
    component = subprocess.Popen(
        ["sh", "-c", "sleep 300 & wait"], start_new_session=True, stdout=subprocess.DEVNULL
    )
    process = ProcessIdentity.of(component.pid)
    components = {"c": ComponentState(process)}
    write_state(state, ServiceState(me, 1, Phase.RUNNING, components=components))
    print(component.pid, flush=True)
    time.sleep(float(sys.argv[2]))
print("left", flush=True)
"""


def supervisor(state: Path, seconds: float) -> tuple["subprocess.Popen[str]", ProcessIdentity]:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(state), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, ProcessIdentity.of(int(process.stdout.readline()))


def test_what_a_killed_supervisor_leaves_is_ended(tmp_path: Path) -> None:
    process, component = supervisor(tmp_path / "state.json", 300)
    children = [ProcessIdentity.of(child.pid) for child in psutil.Process(component.pid).children()]
    process.kill()
    process.wait()
    for identity in (component, *children):
        assert wait_until_gone(identity, 30)


def test_the_guard_ends_with_its_supervisor(tmp_path: Path) -> None:
    process, _ = supervisor(tmp_path / "state.json", 0)
    assert process.stdout is not None
    # The end of the pipe, which the guard holds open too.
    assert process.stdout.read() == "left\n"
    assert process.wait(30) == 0


def test_a_guard_leaves_a_later_start_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    process, component = supervisor(state, 300)
    later = ServiceState(
        ProcessIdentity.of(os.getpid()),
        1,
        Phase.RUNNING,
        components={"c": ComponentState(component)},
    )
    write_state(state, later)
    process.kill()
    assert process.stdout is not None
    assert process.stdout.read() == ""
    process.wait()
    found = component.find()
    assert found is not None
    for child in (*found.children(), found):
        child.kill()
