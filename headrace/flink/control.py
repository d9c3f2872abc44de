"""Brings a Flink cluster up and down, from any shell."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from headrace.bootstrap.progress import Progress
from headrace.bootstrap.running import explain_os_error
from headrace.errors import HeadraceError
from headrace.files import exclusive_lock
from headrace.flink.cluster import Parts, chosen_port, explain_failing, write_start
from headrace.flink.config import Places
from headrace.flink.distribution import provide_distribution
from headrace.flink.jar import provide_jar
from headrace.flink.paths import FlinkPaths, flink_paths
from headrace.flink.sizes import plan_sizes, this_machine
from headrace.flink.state import ClusterState, cluster_of, current_cluster
from headrace.flink.tools import require_java
from headrace.launcher.starting import tfx_environ
from headrace.services import lifecycle
from headrace.services.logs import tail
from headrace.services.ports import free_port, require_free
from headrace.services.state import Phase, ServiceState, read_state
from headrace.settings import Settings

Say = Callable[[str], None]


def running(settings: Settings) -> ServiceState | None:
    """The state of this machine's cluster if its supervisor is alive, else None."""
    return lifecycle.running(flink_paths(settings).state)


def start(
    settings: Settings, progress: Progress, port: int | None = None, *, with_parent: bool = False
) -> bool:
    """Start the cluster, unless it runs already or the settings name one; return whether it did.

    What it needs (Flink's jars, the runner jar) is installed and built first. For a cluster that
    the settings name, the runner jar is, if jobs have to bring it.

    Raises:
        UsageError: a setting cannot be, or the port is in use.
        HeadraceError: something is missing on this machine, or the cluster does not start.
    """
    if settings.flink.master is not None:
        current_cluster(settings)
        _prepare_client(settings, progress)
        return False
    if running(settings) is not None:
        return False
    paths = flink_paths(settings)
    try:
        sizes = plan_sizes(this_machine(), settings.flink)
        java = require_java()
        distribution = provide_distribution(settings, paths, progress)
        jar = provide_jar(settings, paths, progress)
        with exclusive_lock(paths.lock):
            if running(settings) is not None:
                return False
            _forget_start(paths)
            places = _places(paths, chosen_port(settings) if port is None else port)
            parts = Parts(java, distribution, jar, sizes, places, free_port())
            try:
                service = write_start(settings, paths, parts)
                _start_supervisor(settings, paths, service, with_parent)
            except BaseException:
                _forget_start(paths)
                raise
    except OSError as error:
        raise explain_os_error(error, [settings.home]) from None
    return True


def _prepare_client(settings: Settings, progress: Progress) -> None:
    if settings.flink.jobs_directory is None:
        try:
            provide_jar(settings, flink_paths(settings), progress)
        except OSError as error:
            raise explain_os_error(error, [settings.home]) from None


def wait_until_ready(settings: Settings, say: Say) -> ClusterState:
    """Wait until every slot and the worker pool are there, and return what there is.

    Raises:
        HeadraceError: it does not get there; the message has the end of a log.
    """
    if settings.flink.master is not None:
        return current_cluster(settings)
    paths = flink_paths(settings)
    deadline = time.monotonic() + lifecycle.START_SECONDS
    told = ""
    while time.monotonic() < deadline:
        state = read_state(paths.state)
        if state is None or not state.is_alive:
            raise HeadraceError("Flink did not start", tail(paths.logs / "supervisor.log"))
        if state.phase is Phase.RUNNING:
            return cluster_of(state)
        try:
            lifecycle.require_none_failing("Flink", state)
        except HeadraceError as error:
            raise explain_failing(error) from None
        if state.message not in (told, ""):
            told = state.message
            say(told)
        time.sleep(lifecycle.POLL_SECONDS)
    raise HeadraceError(
        f"Flink is not ready after {lifecycle.START_SECONDS:.0f} s: {told}",
        tail(paths.logs / "jobmanager.log"),
    )


def stop(settings: Settings) -> bool:
    """Stop this machine's cluster, whatever is left of it; return whether anything was."""
    paths = flink_paths(settings)
    with exclusive_lock(paths.lock):
        found = lifecycle.stop(paths.state)
        _forget_start(paths)
    return found


def _forget_start(paths: FlinkPaths) -> None:
    """Remove what a cluster that has ended, however it did, has left."""
    lifecycle.clean_up(paths.state)
    shutil.rmtree(paths.starts, ignore_errors=True)


def _places(paths: FlinkPaths, port: int | None) -> Places:
    return Places(
        rest_port=free_port() if port is None else require_free(port),
        rpc_port=free_port(),
        start=paths.starts / time.strftime("%m%d%H%M%S"),
        checkpoints=paths.checkpoints,
        savepoints=paths.savepoints,
    )


def _start_supervisor(
    settings: Settings, paths: FlinkPaths, service: Path, with_parent: bool
) -> None:
    command = [sys.executable, "-m", "headrace.flink.supervisor", str(service)]
    lifecycle.start_supervisor(
        "Flink",
        [*command, "--with-parent"] if with_parent else command,
        paths.state,
        paths.logs / "supervisor.log",
        settings.project,
        tfx_environ(settings),
    )
