import os
import subprocess
import sys
import time

import psutil

from headrace.services.identity import ProcessIdentity, end_sessions, wait_until_gone

CHILD = """
import subprocess, time
print(subprocess.Popen(["sleep", "300"]).pid, flush=True)
time.sleep(300)
"""


def leader() -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_reused_pid_is_not_the_same_process() -> None:
    me = ProcessIdentity.of(os.getpid())
    assert me.find() is not None
    assert ProcessIdentity(me.pid, me.started - 60).find() is None


def test_ending_a_session_ends_what_its_leader_started() -> None:
    process, child = leader()
    end_sessions([ProcessIdentity.of(process.pid)], grace_seconds=5)
    assert gone(process.pid)
    assert gone(child)


def test_the_session_of_a_leader_that_was_killed_is_ended_too() -> None:
    process, child = leader()
    identity = ProcessIdentity.of(process.pid)
    process.kill()
    process.wait()
    assert not gone(child)
    end_sessions([identity], grace_seconds=5)
    deadline = time.monotonic() + 10
    while not gone(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_waiting_ends_when_the_process_does() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = ProcessIdentity.of(process.pid)
    assert not wait_until_gone(identity, 0.2)
    process.communicate()
    assert wait_until_gone(identity, 10)


def test_a_process_of_an_earlier_boot_is_not_running_and_led_no_session_of_this_one() -> None:
    process, child = leader()
    now = ProcessIdentity.of(process.pid)
    earlier = ProcessIdentity(now.pid, now.started, boot="another")
    assert now.leads_session_of(child)
    assert earlier.find() is None
    assert not earlier.leads_session_of(child)
    end_sessions([earlier], grace_seconds=1)
    assert not gone(child)
    end_sessions([now], grace_seconds=5)
    process.wait(5)


def test_the_session_of_a_process_that_reused_the_pid_is_left_alone() -> None:
    process, child = leader()
    now = ProcessIdentity.of(process.pid)
    end_sessions([ProcessIdentity(now.pid, now.started - 60)], grace_seconds=1)
    assert process.poll() is None
    assert not gone(child)
    end_sessions([now], grace_seconds=5)
    process.wait(5)
