from pathlib import Path

import pytest

from headrace.cli.flink import print_status
from headrace.cli.main import build_parser, main

MANAGER = {
    "name": "taskmanager-1",
    "state": "failing",
    "pid": 7,
    "restarts": 3,
    "trouble": "ended with 1\nOutOfMemoryError",
    "memory_bytes": 0,
}
FOUND = {
    "state": "unhealthy",
    "url": "http://127.0.0.1:8081",
    "message": "",
    "version": "1.19.3",
    "slots": {"total": 4, "free": 1},
    "task_managers": 2,
    "worker_pool": "127.0.0.1:5",
    "logs": "/logs",
    "components": [MANAGER],
    "harnesses": [{"worker_id": "1-1", "pid": 9, "job": "p/n/1", "memory_bytes": 8e8}],
    "jobs": [
        {"job_id": f"{number:032x}", "name": "p/n/1", "state": "RUNNING", "seconds": 61.25}
        for number in range(12)
    ],
}


def test_a_person_sees_slots_troubles_harnesses_and_the_newest_jobs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_status(FOUND)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Flink     unhealthy  http://127.0.0.1:8081"
    assert "1 free of 4, in 2 TaskManager(s), Flink 1.19.3" in lines[1]
    assert lines[2].split() == ["taskmanager-1", "failing", "-,", "restarts:", "3"]
    assert lines[3:5] == ["    ended with 1", "    OutOfMemoryError"]
    assert lines[5].split() == ["harness", "1-1", "pid", "9", "800", "MB", "p/n/1"]
    jobs = [line for line in lines if line.startswith("  job ")]
    assert len(jobs) == 10
    assert jobs[0].split() == ["job", "0" * 32, "RUNNING", "61.2", "s", "p/n/1"]
    assert lines[-1] == "  and 2 older jobs (--json shows all)"


def test_options_are_given_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    parser = build_parser()
    args = parser.parse_args(["flink", "up", "-D", "a.b=1=2", "-D", "c="])
    assert args.options == [("a.b", "1=2"), ("c", "")]
    with pytest.raises(SystemExit):
        parser.parse_args(["flink", "up", "-D", "nothing"])
    assert "'nothing' is not KEY=VALUE" in capsys.readouterr().err


def test_home_prints_where_flink_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("lib/flink-dist-1.19.3.jar", "bin/bash-java-utils.jar"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    monkeypatch.setenv("HEADRACE_FLINK_HOME", str(tmp_path))
    assert main(["flink", "home"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}\n"
