"""A small Flink cluster, started and stopped by headrace's command line as a user would."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from headrace.flink.describe import describe
from headrace.flink.paths import FlinkPaths
from headrace.layout import Layout
from headrace.services.state import ServiceState, read_state
from headrace.settings import load_settings
from tests.integration.conftest import PROJECT, tfx_python

SMALL = "taskmanager.memory.network.min=64m taskmanager.memory.network.max=64m"
"""Network buffers are filled when a TaskManager starts, and these tests have no use for them."""


@dataclass(frozen=True)
class Cluster:
    """A state directory, and commands on the cluster in it."""

    home: Path
    environ: dict[str, str]

    @property
    def paths(self) -> FlinkPaths:
        return FlinkPaths(Layout(self.home))

    @property
    def state(self) -> ServiceState:
        found = read_state(self.paths.state)
        assert found is not None
        return found

    def headrace(self, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "headrace.cli", *arguments],
            cwd=self.home,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        """What ``headrace flink status`` shows."""
        return describe(load_settings(self.home, self.environ))


def cluster_at(home: Path, flink_environ: dict[str, str]) -> Cluster:
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "HEADRACE_"))},
        "HEADRACE_PROJECT": str(home),
        "HEADRACE_HOME": str(home / ".headrace"),
        "HEADRACE_TFX_PYTHON": tfx_python(),
        "HEADRACE_FLINK_SLOTS": "2",
        "HEADRACE_FLINK_OPTIONS": SMALL,
        "PYTHONPATH": str(PROJECT),
        **flink_environ,
    }
    return Cluster(home / ".headrace", environ)


@pytest.fixture(scope="package")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, flink_environ: dict[str, str]
) -> Iterator[Cluster]:
    """A cluster that is up while these tests run, and no longer.

    A test may kill what it likes of it, if it waits until it is back.
    """
    found = cluster_at(tmp_path_factory.mktemp("cluster"), flink_environ)
    found.home.mkdir()
    up = found.headrace("flink", "up")
    try:
        assert up.returncode == 0, up.stderr
        yield found
    finally:
        found.headrace("flink", "down")


@pytest.fixture
def stopped(tmp_path: Path, flink_environ: dict[str, str]) -> Iterator[Cluster]:
    """A state directory without a cluster."""
    found = cluster_at(tmp_path, flink_environ)
    found.home.mkdir()
    yield found
    found.headrace("flink", "down")
