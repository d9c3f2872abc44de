"""A state directory of a benchmark's own, with a launcher, and a Flink cluster where asked for."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.context import Context
from benchmarks.memory import PeakMemory
from headrace.bootstrap.progress import Progress
from headrace.flink.distribution import provide_distribution
from headrace.flink.jar import provide_jar
from headrace.flink.paths import flink_paths
from headrace.flink.state import ClusterState, current_cluster
from headrace.launcher.paths import launcher_paths
from headrace.launcher.starting import stop_launcher
from headrace.services.state import read_state
from headrace.settings import Settings


@dataclass(frozen=True)
class Cost:
    """A run, or a part of it: seconds, and the peak of everything that took part.

    Attributes:
        nodes: seconds of each node.
        cpu: CPU seconds of each node's process and of those that it started and waited for.
    """

    seconds: float
    nodes: dict[str, float]
    peak_bytes: int
    cpu: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Platform:
    """Runs pipelines from nothing, each in a metadata store of its own."""

    context: Context
    settings: Settings
    environ: dict[str, str]

    @property
    def cluster(self) -> ClusterState:
        return current_cluster(self.settings)

    def run(self, target: str, name: str, *arguments: str, beam_args: str = "") -> Cost:
        """Run a pipeline by ``headrace run``; its artifacts are removed afterwards."""
        place = self.context.scratch / name
        environ = {
            **self.environ,
            "HEADRACE_METADATA_URL": f"sqlite:///{place / 'metadata.sqlite'}",
            "HEADRACE_ARTIFACT_ROOT": str(place / "artifacts"),
            "HEADRACE_BEAM_ARGS": beam_args,
        }
        place.mkdir()
        with PeakMemory(self._processes) as memory:
            found = self.headrace("run", target, "--json", *arguments, environ=environ)
        shutil.rmtree(place)
        outcome: dict[str, Any] = json.loads(found)
        nodes = {node["id"]: float(node["seconds"]) for node in outcome["nodes"]}
        # A node that was left out has no result.
        ran = {node["id"]: node["result"] for node in outcome["nodes"] if node["result"]}
        cpu = {node: float(result["cpu_seconds"]) for node, result in ran.items()}
        return Cost(float(outcome["run"]["seconds"]), nodes, memory.peak_bytes, cpu)

    def headrace(self, *arguments: str, environ: dict[str, str] | None = None) -> str:
        """Run the command line; return what it prints.

        Raises:
            RuntimeError: it failed; the message names the log.
        """
        python = str(self.context.settings.layout.airflow_python)
        with self.context.log.open("ab") as log:
            done = subprocess.run(
                [python, "-m", "headrace.cli", *arguments],
                cwd=self.context.settings.project,
                env=environ or self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                check=False,
            )
            log.write(done.stdout)
        if done.returncode != 0:
            raise RuntimeError(f"headrace {arguments[0]} failed: see {self.context.log}")
        return done.stdout.decode()

    def _processes(self) -> Iterator[int]:
        """The launcher, and the cluster's supervisor; everything else is started by these."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            yield int(json.loads(launcher_paths(self.settings).state.read_text())["pid"])
        state = read_state(flink_paths(self.settings).state)
        if state is not None:
            yield state.supervisor.pid


@contextlib.contextmanager
def platform(context: Context, *, flink: bool) -> Iterator[Platform]:
    """Start it, and leave nothing behind."""
    ours = context.settings
    home = Path(tempfile.mkdtemp(prefix="home-", dir=context.scratch))
    paths = flink_paths(ours)
    environ = context.environ(HEADRACE_HOME=str(home), HEADRACE_TFX_PYTHON=str(ours.tfx_python))
    if flink:
        environ["HEADRACE_FLINK_HOME"] = str(provide_distribution(ours, paths, Progress()).home)
        environ["HEADRACE_FLINK_JAR"] = str(provide_jar(ours, paths, Progress()))
    settings = replace(ours, home=home)
    found = Platform(context, settings, environ)
    try:
        if flink:
            found.headrace("flink", "up")
        yield found
    finally:
        if flink:
            found.headrace("flink", "down")
        stop_launcher(settings)
        shutil.rmtree(home, ignore_errors=True)
