"""Where a component of a test runs: in the test's process, or in one of the launcher's."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import HeadraceError, UsageError
from headrace.launcher.jobs import NodeRequest, NodeResult
from headrace.settings import Settings

DIRECT, MULTI_PROCESSING, FLINK = "direct", "multi_processing", "flink"
RUNNERS = (DIRECT, MULTI_PROCESSING, FLINK)
_WORKERS = 2


@dataclass(frozen=True)
class Choice:
    """A runner by the name that a test has for it, as a node is told of it."""

    runner: str
    beam_args: tuple[str, ...] = ()


def choice_of(name: str) -> Choice:
    """The runner of that name.

    Raises:
        UsageError: there is none.
    """
    if name == MULTI_PROCESSING:
        arguments = (
            f"--direct_running_mode={MULTI_PROCESSING}",
            f"--direct_num_workers={_WORKERS}",
        )
        return Choice(DIRECT, arguments)
    if name not in RUNNERS:
        raise UsageError(f"there is no Beam runner {name!r}", f"runners: {', '.join(RUNNERS)}")
    return Choice(name)


def in_this_process(request: NodeRequest) -> NodeResult:
    """Run a node here: what it raises is what the component raised.

    Code that it installs for itself, as TFX does a ``module_file``, is gone afterwards: the next
    node may bring another module of that name.
    """
    from tfx.components.pusher.executor import Executor

    from headrace.node import run_node

    before, push = list(sys.path), Executor.Do
    try:
        with warnings.catch_warnings():
            # TFX's own, at each node, of what protobuf is going to drop.
            warnings.filterwarnings("ignore", message=r"label\(\) is deprecated")
            return run_node(request)
    finally:
        added = tuple(f"{entry}{os.sep}" for entry in sys.path if entry not in before)
        sys.path[:] = before
        Executor.Do = push  # what a node has put there asks that node's metadata store
        for name, module in list(sys.modules.items()):
            if added and str(getattr(module, "__file__", None)).startswith(added):
                del sys.modules[name]


def through_launcher(settings: Settings) -> Callable[[NodeRequest], NodeResult]:
    """Run nodes in processes forked from a launcher, which is started for the first one.

    A process of a test has run TensorFlow, and must not be forked into Beam's workers.
    """
    from headrace.launcher.client import run_node

    return lambda request: run_node(settings, request)


def start_cluster(settings: Settings, project: Settings) -> None:
    """Start a Flink cluster in the settings' state directory, from what the project's has fetched.

    Raises:
        HeadraceError: it cannot be had here; the message says why.
    """
    from headrace.bootstrap.progress import Progress
    from headrace.flink.distribution import provide_distribution
    from headrace.flink.jar import provide_jar
    from headrace.flink.paths import flink_paths
    from headrace.launcher.starting import tfx_environ

    paths = flink_paths(project)
    distribution = provide_distribution(project, paths, Progress())
    jar = provide_jar(project, paths, Progress())
    environ = {
        **tfx_environ(settings),
        "HEADRACE_TFX_PYTHON": sys.executable,
        "HEADRACE_FLINK_HOME": str(distribution.home),
        "HEADRACE_FLINK_JAR": str(jar),
    }
    done = _flink("up", environ, settings.project)
    if done.returncode != 0:
        raise HeadraceError(f"the Flink cluster does not start: {done.stderr.strip()}")


def stop_cluster(settings: Settings) -> None:
    """Stop the cluster of the settings' state directory; what does not run is stopped too."""
    from headrace.launcher.starting import tfx_environ

    _flink("down", tfx_environ(settings), settings.project)


def _flink(what: str, environ: dict[str, str], project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headrace.cli", "flink", what],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
