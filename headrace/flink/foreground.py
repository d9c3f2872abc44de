"""One process of a cluster in the foreground: for a container, a pod or a service manager."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from headrace.bootstrap.progress import Progress
from headrace.bootstrap.running import explain_os_error
from headrace.files import private_directory, write_atomically
from headrace.flink import jvm
from headrace.flink.config import (
    CONFIG_FILE,
    CONSOLE_LOGGING,
    LOGGING_FILE,
    Places,
    merged,
    profile,
    render,
)
from headrace.flink.distribution import provide_distribution
from headrace.flink.jar import provide_jar
from headrace.flink.paths import flink_paths
from headrace.flink.sizes import sizes_of, this_machine
from headrace.flink.tools import require_java
from headrace.settings import Settings

REST_PORT, RPC_PORT, BLOB_PORT, TASK_MANAGER_PORT = 8081, 6123, 6124, 6122
"""Flink's own usual ones, which firewalls and services name."""


@dataclass(frozen=True)
class Process:
    """What is asked for.

    Attributes:
        address: host name of the JobManager, as the others reach it.
        bind: address to listen on.
        memory: bytes of this process.
        state: directory for checkpoints and savepoints, which the whole cluster shares.
        options: of Flink's own, over everything else.
    """

    role: jvm.Role
    address: str
    bind: str
    memory: int
    state: Path
    options: tuple[tuple[str, str], ...] = ()


def options_of(settings: Settings, process: Process, start: Path) -> dict[str, str]:
    """The process's whole configuration: the profile of a cluster here, with other addresses.

    Args:
        start: directory of the process's own files.
    """
    slots = settings.flink.slots or this_machine().processors
    sizes = sizes_of(slots, process.memory, process.memory)
    state = process.state
    places = Places(REST_PORT, RPC_PORT, start, state / "checkpoints", state / "savepoints")
    options = {**profile(sizes, places), **_addresses(process)}
    # It says where it is by the interface that reaches the JobManager.
    options.pop("taskmanager.host")
    return merged(options, (*settings.flink.options, *process.options))


def become(settings: Settings, process: Process, progress: Progress) -> NoReturn:
    """Replace this process by Flink's.

    Raises:
        UsageError: a setting or an option cannot be.
        HeadraceError: Java, Flink or the runner jar is missing.
    """
    paths = flink_paths(settings)
    start = paths.home / process.role.title
    try:
        java = require_java()
        distribution = provide_distribution(settings, paths, progress)
        jar = provide_jar(settings, paths, progress)
        shutil.rmtree(start, ignore_errors=True)
        places = Places(REST_PORT, RPC_PORT, start, start, start)
        for directory in (paths.logs, start):
            private_directory(directory)
        for directory in (places.configuration, places.temporary):
            directory.mkdir()
        class_path = [*distribution.class_path, jar]
        jobs = settings.flink.jobs_directory
        if jobs is not None and process.role is jvm.Role.JOB_MANAGER:
            # Java looks into a directory of its class path only if it is there at the start.
            jobs.mkdir(parents=True, exist_ok=True)
            class_path.append(jobs)
        options = options_of(settings, process, start)
        write_atomically(places.configuration / CONFIG_FILE, render(options), mode=0o600)
        write_atomically(places.configuration / LOGGING_FILE, CONSOLE_LOGGING)
    except OSError as error:
        raise explain_os_error(error, [settings.home]) from None
    program = jvm.Program(
        java=java,
        distribution=distribution,
        class_path=tuple(class_path),
        configuration=places.configuration,
        temporary=places.temporary,
        logs=paths.logs,
        options=options,
    )
    command = jvm.command(program, process.role, process.role.title)
    environ: Mapping[str, str] = {
        **os.environ,
        **jvm.environ(places.configuration, distribution),
    }
    os.chdir(start)
    os.execve(command[0], command, dict(environ))


def _addresses(process: Process) -> dict[str, str]:
    return {
        "jobmanager.rpc.address": process.address,
        "jobmanager.bind-host": process.bind,
        "taskmanager.bind-host": process.bind,
        "taskmanager.rpc.port": str(TASK_MANAGER_PORT),
        "blob.server.port": str(BLOB_PORT),
        "rest.address": process.address,
        "rest.bind-address": process.bind,
    }
