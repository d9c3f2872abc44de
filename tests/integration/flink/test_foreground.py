"""JobManager and TaskManager as a container or a service runs them: one process each."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from headrace.flink.rest import FlinkApi, FlinkUnreachable
from headrace.services.ports import free_port
from tests.integration.flink.conftest import cluster_at
from tests.integration.flink.test_cluster import listening
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


@contextlib.contextmanager
def running(role: str, home: Path, environ: dict[str, str], *options: str) -> Iterator[int]:
    command = [sys.executable, "-m", "headrace.cli", "flink", role, "--state", str(home / "state")]
    with (home / f"{role}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], cwd=home, env=environ, stdout=log, stderr=log
        )
        try:
            yield process.pid
            assert process.poll() is None, (home / f"{role}.log").read_text()[-2000:]
        finally:
            process.terminate()
            process.wait(60)


def test_they_find_each_other_and_end_with_a_signal(
    tmp_path: Path, flink_environ: dict[str, str]
) -> None:
    jobs = tmp_path / "jobs"
    environ = {
        **cluster_at(tmp_path, flink_environ).environ,
        "HEADRACE_FLINK_JOBS_DIRECTORY": str(jobs),
    }
    rest, *others = (free_port() for _ in range(4))
    keys = ("jobmanager.rpc.port", "blob.server.port", "taskmanager.rpc.port")
    ports = {"rest.port": rest, "rest.bind-port": rest, **dict(zip(keys, others, strict=True))}
    options = [part for key, port in ports.items() for part in ("-D", f"{key}={port}")]

    def slots() -> int:
        with contextlib.suppress(FlinkUnreachable), FlinkApi(f"http://127.0.0.1:{rest}") as api:
            return api.overview().slots
        return 0

    with (
        running("jobmanager", tmp_path, environ, "--memory", "1g", *options) as job_manager,
        running("taskmanager", tmp_path, environ, "--memory", "1280m", *options) as task_manager,
    ):
        wait_until(lambda: slots() == 2)
        # What was started is Java itself, so a signal to the container is one to Flink.
        assert psutil.Process(job_manager).name() == "java"
        assert str(jobs) in " ".join(psutil.Process(job_manager).cmdline())
        for pid in (job_manager, task_manager):
            addresses = {item.removeprefix("::ffff:") for item in listening(psutil.Process(pid))}
            assert addresses == {"127.0.0.1"}
    assert jobs.is_dir()
    assert "TaskManagerRunner" in (tmp_path / "taskmanager.log").read_text()
