import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from headrace.launcher.starting import end_process

FORGETFUL = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def child_of_a_forgetful_parent() -> Iterator[psutil.Process]:
    parent = subprocess.Popen([sys.executable, "-c", FORGETFUL], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    yield psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()


def test_a_process_that_nobody_reaps_has_ended_all_the_same(
    child_of_a_forgetful_parent: psutil.Process,
) -> None:
    end_process(child_of_a_forgetful_parent)
    assert child_of_a_forgetful_parent.status() == psutil.STATUS_ZOMBIE


def test_a_process_that_has_gone_is_no_error() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    gone = psutil.Process(process.pid)
    process.wait()
    end_process(gone)
