"""Beam's multi_processing mode: workers are forked, and end with the process they work for."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.waiting import LONG_SECONDS, wait_until

pytestmark = pytest.mark.integration

SCRIPT = """
import os, sys, time
import apache_beam as beam
from headrace.node.forked_workers import fork_workers_for

ARGUMENTS = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]


def told(word):
    import beside_the_job
    if word == "fail":
        raise ValueError("told to fail")
    while word == "wait":
        open(sys.argv[1] + ".waits", "w").write(f"{os.getpid()} {os.getppid()}")
        time.sleep(0.05)
    return f"{word} {beside_the_job.NAME} {os.getpid()} {os.getppid()}"


assert fork_workers_for(ARGUMENTS)
os.environ["PYTHONPATH"] = os.path.dirname(sys.argv[1])
with beam.Pipeline(argv=["--runner=headrace.node.direct_runner.DirectRunner", *ARGUMENTS]) as job:
    words = job | beam.Create(sys.argv[2:]) | beam.Reshuffle() | beam.Map(told)
    words | beam.io.WriteToText(sys.argv[1], shard_name_template="")
print(os.getpid())
"""


def start(out: Path, *words: str) -> "subprocess.Popen[str]":
    (out.parent / "beside_the_job.py").write_text("NAME = 'found'\n")
    (out.parent / "job.py").write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(out.parent / "job.py"), str(out), *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_workers_are_forks_of_one_process_and_find_what_the_environment_names(
    tmp_path: Path,
) -> None:
    job = start(tmp_path / "out", *"abcdefgh")
    printed, errors = job.communicate(timeout=LONG_SECONDS)
    assert job.returncode == 0, errors
    rows = [line.split() for line in (tmp_path / "out").read_text().splitlines()]
    assert sorted(row[0] for row in rows) == list("abcdefgh")
    assert {row[1] for row in rows} == {"found"}
    [parent] = {row[3] for row in rows}
    assert int(parent) not in (int(printed), os.getpid())
    wait_until(lambda: gone(int(parent)))


def test_what_fails_in_a_worker_fails_the_job(tmp_path: Path) -> None:
    job = start(tmp_path / "out", "a", "fail")
    _, errors = job.communicate(timeout=LONG_SECONDS)
    assert job.returncode == 1
    assert "ValueError: told to fail" in errors


def test_no_worker_outlives_a_killed_job(tmp_path: Path) -> None:
    job = start(tmp_path / "out", "wait")
    told = tmp_path / "out.waits"
    wait_until(lambda: told.exists() and len(told.read_text().split()) == 2)
    pids = [int(pid) for pid in told.read_text().split()]
    job.send_signal(signal.SIGKILL)
    job.communicate()
    wait_until(lambda: all(gone(pid) for pid in pids))
