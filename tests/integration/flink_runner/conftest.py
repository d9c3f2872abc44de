"""A small Flink cluster in the session's state directory, so that the launcher's nodes find it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from headrace.flink.describe import describe
from headrace.flink.job_api import ENDED, JobApi
from headrace.flink.paths import flink_paths
from headrace.flink.state import ClusterState, current_cluster
from headrace.ir.store import current_ir
from headrace.launcher.client import LauncherClient, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.launcher.protocol import EventFrame, Frame, LogFrame
from headrace.settings import Settings
from tests.integration.conftest import PROJECT, tfx_python

JOBS = "tests/data/pipelines/beam_jobs.py:create_pipeline"
NODE = "CountWords"


class Flink:
    """The cluster, and what a test asks of it."""

    def __init__(self, settings: Settings, environ: dict[str, str]) -> None:
        self.settings, self.environ = settings, environ

    @property
    def cluster(self) -> ClusterState:
        return current_cluster(self.settings)

    def headrace(self, *arguments: str, timeout: float = 300) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "headrace.cli", *arguments],
            cwd=self.settings.project,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        """What ``headrace flink status`` shows."""
        return describe(self.settings)

    def running_jobs(self) -> list[dict[str, Any]]:
        return [job for job in self.status()["jobs"] if job["state"] not in ENDED]

    def job_ids(self, name: str) -> list[str]:
        with JobApi(self.cluster.rest_url) as api:
            return api.running(name)

    def state(self, job_id: str) -> str:
        with JobApi(self.cluster.rest_url) as api:
            return api.state(job_id)

    def harnesses(self) -> list[int]:
        """Processes of harnesses that live, by the worker pool's own account."""
        [file] = flink_paths(self.settings).starts.glob("*/worker-pool.json")
        found = json.loads(file.read_text())["harnesses"]
        return [item["pid"] for item in found if psutil.pid_exists(item["pid"])]

    def job_folders(self) -> list[Path]:
        return list(Path(self.cluster.jobs_directory).glob("BEAM-PIPELINE/*"))


@pytest.fixture(scope="session")
def flink(settings: Settings, flink_environ: dict[str, str]) -> Iterator[Flink]:
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("HEADRACE_")},
        "HEADRACE_PROJECT": str(PROJECT),
        "HEADRACE_HOME": str(settings.home),
        "HEADRACE_TFX_PYTHON": tfx_python(),
        "HEADRACE_FLINK_SLOTS": "2",
        "HEADRACE_FLINK_HARNESS_MEMORY": "1g",
        "PYTHONPATH": str(PROJECT),
        **flink_environ,
    }
    environ.pop("TF_USE_LEGACY_KERAS", None)  # TFT may have set it in this process
    found = Flink(settings, environ)
    up = found.headrace("flink", "up")
    try:
        assert up.returncode == 0, up.stderr
        yield found
    finally:
        found.headrace("flink", "down")


class Jobs:
    """Runs the component with a Beam job, each time in a run of its own."""

    def __init__(self, flink: Flink, place: Path, store: Path | None = None) -> None:
        self.flink, self.place = flink, place
        self.store = store or place / "metadata.sqlite"
        self.manifest = current_ir(JOBS, flink.settings)
        self.client = LauncherClient(flink.settings)
        self.frames: list[Frame] = []

    def run(
        self, run: str, mode: str = "fine", *beam_args: str, runner: str = "flink"
    ) -> NodeResult:
        request = NodeRequest(
            ir_path=self.manifest.ir_path,
            node_id=NODE,
            run_id=run,
            parameters={"mode": mode, "marker": str(self.place / "marker")},
            authored={"marker": str(self.place / "marker")},
            metadata_url=f"sqlite:///{self.store}",
            import_path=list(self.manifest.import_path),
            runner="flink",
            beam_args=list(beam_args),
            owner="test",
        )
        return run_node(self.flink.settings, request, self.frames.append, self.client)

    def name(self, run: str) -> str:
        return f"beam_jobs/{NODE}/{run}"

    def messages(self) -> list[str]:
        return [frame.message for frame in self.frames if isinstance(frame, LogFrame)]

    @property
    def pid(self) -> int:
        return next((f.pid for f in self.frames if isinstance(f, EventFrame) and f.pid), 0)

    def properties(self, execution_id: int) -> dict[str, str]:
        import ml_metadata as mlmd
        from ml_metadata.proto import metadata_store_pb2 as pb

        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(self.store)
        [execution] = mlmd.MetadataStore(config).get_executions_by_id([execution_id])
        return {name: value.string_value for name, value in execution.custom_properties.items()}


@pytest.fixture
def jobs(flink: Flink, tmp_path: Path) -> Jobs:
    return Jobs(flink, tmp_path)
