"""A session cluster as a service: its files, its processes, and when it can be used."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from headrace.bootstrap.java import Java
from headrace.errors import HeadraceError, UsageError
from headrace.files import private_directory, write_atomically
from headrace.flink import jvm, pool
from headrace.flink.config import (
    CONFIG_FILE,
    LOGGING,
    LOGGING_FILE,
    Places,
    merged,
    profile,
    render,
)
from headrace.flink.distribution import Distribution
from headrace.flink.paths import FlinkPaths
from headrace.flink.rest import FlinkApi, FlinkUnreachable
from headrace.flink.sizes import Sizes
from headrace.flink.state import ClusterState
from headrace.services.ports import HOST
from headrace.services.service import Component, Service
from headrace.settings import Settings

SERVICE_FILE = "service.json"
_ASK_SECONDS = 5.0


@dataclass(frozen=True)
class Parts:
    """What a cluster is made of: programs, sizes and places that have been found or chosen."""

    java: Java
    distribution: Distribution
    runner_jar: Path
    sizes: Sizes
    places: Places
    pool_port: int


def options_of(settings: Settings, sizes: Sizes, places: Places) -> dict[str, str]:
    """The whole configuration, with the user's options in it."""
    return merged(profile(sizes, places), settings.flink.options)


def write_start(settings: Settings, paths: FlinkPaths, parts: Parts) -> Path:
    """Write what one start of the cluster needs; return the file that its supervisor reads.

    Raises:
        UsageError: an option of the user's cannot be.
        HeadraceError: Java does not run.
    """
    places = parts.places
    options = options_of(settings, parts.sizes, places)
    for directory in (paths.logs, places.start, places.checkpoints, places.savepoints):
        private_directory(directory)
    for directory in (places.configuration, places.jobs, places.temporary):
        directory.mkdir(exist_ok=True)
    write_atomically(places.configuration / CONFIG_FILE, render(options), mode=0o600)
    write_atomically(places.configuration / LOGGING_FILE, LOGGING)
    service = _service(settings, paths, parts, options)
    file = places.start / SERVICE_FILE
    write_atomically(file, json.dumps(asdict(service), default=str, indent=1) + "\n", mode=0o600)
    return file


def read_service(file: Path) -> Service:
    """The service that ``write_start`` wrote, which can be used once all its slots are there."""
    fields = json.loads(file.read_text(encoding="utf-8"))
    details = fields["details"]
    return Service(
        state=Path(fields["state"]),
        port=fields["port"],
        components=tuple(_component(item) for item in fields["components"]),
        stopped_last=frozenset([jvm.Role.JOB_MANAGER.title]),
        before_says="starting the JobManager",
        waiting_for=lambda: waiting_for(details),
        details=details,
    )


def waiting_for(details: Mapping[str, Any]) -> str:
    """What a starting cluster lacks, for people; empty: nothing."""
    try:
        with FlinkApi(details["rest_url"], _ASK_SECONDS) as api:
            found = api.overview()
    except FlinkUnreachable:
        return "waiting for the JobManager"
    if found.slots < details["slots"]:
        return f"waiting for the TaskManagers: {found.slots} of {details['slots']} slots"
    host, _, port = str(details["worker_pool"]).rpartition(":")
    try:
        socket.create_connection((host, int(port)), _ASK_SECONDS).close()
    except OSError:
        return "waiting for the worker pool"
    return ""


def _service(
    settings: Settings, paths: FlinkPaths, parts: Parts, options: Mapping[str, str]
) -> Service:
    places = parts.places
    slots = _whole_number(options, "taskmanager.numberOfTaskSlots")
    cluster = ClusterState(
        rest_url=f"http://{HOST}:{places.rest_port}",
        slots=slots * parts.sizes.task_managers,
        task_managers=parts.sizes.task_managers,
        worker_pool=f"{HOST}:{parts.pool_port}",
        flink_version=parts.distribution.version,
        jobs_directory=str(places.jobs),
        resident_jar=True,
        runner_jar=str(parts.runner_jar),
        logs=str(paths.logs),
    )
    return Service(
        state=paths.state,
        port=places.rest_port,
        components=_components(settings, paths, parts, options),
        details=cluster.as_details(),
    )


def _components(
    settings: Settings, paths: FlinkPaths, parts: Parts, options: Mapping[str, str]
) -> tuple[Component, ...]:
    places = parts.places
    program = jvm.Program(
        java=parts.java,
        distribution=parts.distribution,
        class_path=(*parts.distribution.class_path, parts.runner_jar, places.jobs),
        configuration=places.configuration,
        temporary=places.temporary,
        logs=paths.logs,
        options=options,
    )
    environ = jvm.environ(places.configuration, parts.distribution)

    def component(role: jvm.Role, name: str) -> Component:
        return Component(
            name=name,
            command=tuple(jvm.command(program, role, name)),
            output=paths.logs / f"{name}.out",
            directory=places.start,
            environ=environ,
            log=paths.logs / f"{name}.log",
            # By itself a TaskManager notices only after the heartbeat's time-out.
            needs=() if role is jvm.Role.JOB_MANAGER else (jvm.Role.JOB_MANAGER.title,),
        )

    names = [f"taskmanager-{number}" for number in range(1, parts.sizes.task_managers + 1)]
    roles = [jvm.Role.TASK_MANAGER] * len(names)
    # Each asks a Java process of its own for its memory sizes, which takes a second.
    with ThreadPoolExecutor(2) as workers:
        made = list(
            workers.map(
                component,
                [jvm.Role.JOB_MANAGER, *roles],
                [jvm.Role.JOB_MANAGER.title, *names],
            )
        )
    return (*made, pool.component(settings, paths, parts.pool_port, parts.sizes, places))


def _component(fields: Mapping[str, Any]) -> Component:
    log = fields["log"]
    return Component(
        name=fields["name"],
        command=tuple(fields["command"]),
        output=Path(fields["output"]),
        directory=Path(fields["directory"]),
        environ=fields["environ"],
        log=Path(log) if log is not None else None,
        needs=tuple(fields["needs"]),
    )


def _whole_number(options: Mapping[str, str], key: str) -> int:
    try:
        return int(options[key])
    except ValueError:
        raise UsageError(f"flink_options: {key} is {options[key]!r}, not a number") from None


def chosen_port(settings: Settings) -> int | None:
    """The port of the REST API that the user's options name; None: any.

    Raises:
        UsageError: it is no number.
    """
    options = dict(settings.flink.options)
    return _whole_number(options, "rest.port") if "rest.port" in options else None


def explain_failing(error: HeadraceError) -> HeadraceError:
    """Name the remedy where a process's last words say that memory was short."""
    text = error.hint.lower()
    if "cannot allocate memory" in text or "insufficient memory" in text:
        return HeadraceError(
            f"{error.message}: the machine has too little free memory for it",
            f"free some, or set flink_memory or flink_slots lower\n{error.hint}",
        )
    return error
