"""``headrace flink up|down|status|stop|...``: a Flink session cluster and its jobs."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from headrace.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from headrace.flink.state import ClusterState

_SHOWN_JOBS = 10


def add_parser(commands: Any) -> None:
    """Register the command and its own commands."""
    parser = commands.add_parser(
        "flink", help="start, stop or look at a Flink cluster on this machine"
    )
    own = parser.add_subparsers(dest="flink_command", required=True, metavar="COMMAND")
    up = own.add_parser("up", help="start JobManager, TaskManagers and worker pool")
    up.add_argument("--port", type=int, help="of Flink's web UI and REST API (default: a free one)")
    _add_options(up)
    up.set_defaults(run=_up)
    for name in ("jobmanager", "taskmanager"):
        _add_process(own, name)
    jar = own.add_parser("jar", help="build Beam's runner for Flink, and print the jar's path")
    jar.set_defaults(run=_jar)
    home = own.add_parser("home", help="install Flink, and print its directory")
    home.set_defaults(run=_home)
    down = own.add_parser("down", help="stop them, also after a crash")
    down.set_defaults(run=_down)
    status = own.add_parser("status", help="say how they are: slots, jobs, harnesses, memory")
    status.add_argument("--json", action="store_true", help="print it as JSON")
    status.set_defaults(run=_status)
    stop = own.add_parser(
        "stop",
        help="stop a streaming job with a savepoint, or cancel any job",
        description=(
            "Stop a streaming job when a savepoint of it is complete, and print the savepoint's "
            "path: the same pipeline goes on from there if it is given that as --savepoint_path."
        ),
    )
    stop.add_argument("job", metavar="JOB", help="id, the beginning of one, or name")
    how = stop.add_mutually_exclusive_group()
    how.add_argument(
        "--savepoint",
        default="",
        metavar="DIRECTORY",
        help="where to, as the JobManager sees it (default: the cluster's own directory)",
    )
    how.add_argument("--cancel", action="store_true", help="without a savepoint, at once")
    stop.add_argument(
        "--drain", action="store_true", help="fire every window first: the job is not to go on"
    )
    stop.set_defaults(run=_stop)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-D",
        action="append",
        type=_option,
        default=[],
        dest="options",
        metavar="KEY=VALUE",
        help="an option of Flink, over those of the settings; may be given again",
    )


def _add_process(commands: Any, name: str) -> None:
    parser = commands.add_parser(
        name, help=f"run a {name} in the foreground, as a container or a service does"
    )
    parser.add_argument(
        "--address",
        default="127.0.0.1",
        metavar="HOST",
        help="host name of the JobManager, as the others reach it",
    )
    parser.add_argument("--bind", default="127.0.0.1", metavar="HOST", help="address to listen on")
    parser.add_argument(
        "--memory", required=True, type=_size, metavar="SIZE", help="of this process: 1792m, 4g"
    )
    parser.add_argument(
        "--state",
        required=True,
        type=Path,
        metavar="DIRECTORY",
        help="for checkpoints and savepoints; the whole cluster shares it",
    )
    _add_options(parser)
    parser.set_defaults(run=_process)


def _size(text: str) -> int:
    from headrace.settings.flink import size

    try:
        return size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _option(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, value


def _up(args: argparse.Namespace) -> int:
    """Start, wait until every slot is there, and say where it is."""
    from headrace.bootstrap.progress import Progress
    from headrace.flink import control
    from headrace.settings import load_settings

    settings = load_settings()
    flink = replace(settings.flink, options=(*settings.flink.options, *args.options))
    settings = replace(settings, flink=flink)
    started = control.start(settings, Progress(), args.port)
    try:
        cluster = control.wait_until_ready(settings, say)
    except BaseException:
        if started:
            control.stop(settings)
        raise
    if settings.flink.master is not None:
        print("the settings name a Flink cluster that runs already; nothing was started")
    elif not started:
        print("Flink is up already")
    print_access(cluster)
    if cluster.logs:
        print(f"logs         {cluster.logs}")
        print("stop it with: bin/headrace flink down")
    return EXIT_DONE


def _process(args: argparse.Namespace) -> NoReturn:
    """Become the process."""
    from headrace.bootstrap.progress import Progress
    from headrace.flink.foreground import Process, become
    from headrace.flink.jvm import Role
    from headrace.settings import load_settings

    [role] = [role for role in Role if role.title == args.flink_command]
    state = args.state.absolute()
    asked = Process(role, args.address, args.bind, args.memory, state, tuple(args.options))
    become(load_settings(), asked, Progress())


def _home(_args: argparse.Namespace) -> int:
    """Install Flink's jars and scripts where they are not there yet, for an image as well."""
    from headrace.bootstrap.progress import Progress
    from headrace.flink.distribution import provide_distribution
    from headrace.flink.paths import flink_paths
    from headrace.settings import load_settings

    settings = load_settings()
    print(provide_distribution(settings, flink_paths(settings), Progress()).home)
    return EXIT_DONE


def _jar(_args: argparse.Namespace) -> int:
    """Build the runner jar where it is not there yet, for the image of a cluster elsewhere."""
    from headrace.bootstrap.progress import Progress
    from headrace.flink.jar import provide_jar
    from headrace.flink.paths import flink_paths
    from headrace.settings import load_settings

    settings = load_settings()
    print(provide_jar(settings, flink_paths(settings), Progress()))
    return EXIT_DONE


def print_access(cluster: ClusterState) -> None:
    """Print where a cluster is and what it has."""
    from headrace.bootstrap.machine import without_credentials

    print(f"Flink        {without_credentials(cluster.rest_url)}")
    print(f"version      {cluster.flink_version}")
    print(f"slots        {cluster.slots} in {cluster.task_managers} TaskManager(s)")
    print(f"worker pool  {cluster.worker_pool or '(none set)'}")


def _down(_args: argparse.Namespace) -> int:
    """Stop; it is no error if nothing runs."""
    from headrace.flink import control
    from headrace.settings import load_settings

    print("Flink stopped" if control.stop(load_settings()) else "Flink was not running")
    return EXIT_DONE


def _status(args: argparse.Namespace) -> int:
    """Print the state; 0 if the cluster can be used, 1 if it cannot."""
    from headrace.flink.describe import describe
    from headrace.settings import load_settings

    found = describe(load_settings())
    if args.json:
        print(json.dumps(found))
    else:
        print_status(found)
    return EXIT_DONE if found["state"] == "up" else EXIT_FAILED


def _stop(args: argparse.Namespace) -> int:
    """End one job; standard output has the savepoint's path and nothing else."""
    from headrace.flink.job_api import JobApi
    from headrace.flink.rest import FlinkApi
    from headrace.flink.state import current_cluster
    from headrace.flink.stopping import find_job, stop_with_savepoint
    from headrace.settings import load_settings

    url = current_cluster(load_settings()).rest_url
    with FlinkApi(url) as cluster:
        job = find_job(cluster.jobs(), args.job)
    with JobApi(url) as api:
        if args.cancel:
            api.cancel(job.job_id)
            say(f"{job.job_id} {job.name}: cancelled")
            return EXIT_DONE
        say(f"{job.job_id} {job.name}: waiting for its savepoint")
        print(stop_with_savepoint(api, job.job_id, args.savepoint, drain=args.drain))
    return EXIT_DONE


def print_status(found: dict[str, Any]) -> None:
    """Print what ``headrace.flink.describe`` found, for a person."""
    print(f"Flink     {found['state']}{'  ' + found['url'] if found['url'] else ''}")
    if found["message"]:
        print("\n".join(f"  {line}" for line in found["message"].splitlines()))
    if found["version"]:
        slots = found["slots"]
        print(
            f"  slots   {slots['free']} free of {slots['total']}, in {found['task_managers']} "
            f"TaskManager(s), Flink {found['version']}"
        )
    for part in found["components"]:
        restarts = f", restarts: {part['restarts']}" if part["restarts"] else ""
        print(f"  {part['name']:14} {part['state']:10} {_memory(part['memory_bytes'])}{restarts}")
        if part["state"] != "running" and part["trouble"]:
            print("\n".join(f"    {line}" for line in part["trouble"].splitlines()))
    for harness in found["harnesses"]:
        name = f"harness {harness['worker_id']}"
        memory = _memory(harness["memory_bytes"])
        print(
            f"    {name:12} {'pid ' + str(harness['pid']):10} {memory}  {harness['job']}".rstrip()
        )
    for job in found["jobs"][:_SHOWN_JOBS]:
        print(f"  job {job['job_id']}  {job['state']:10} {job['seconds']:7.1f} s  {job['name']}")
    if len(found["jobs"]) > _SHOWN_JOBS:
        print(f"  and {len(found['jobs']) - _SHOWN_JOBS} older jobs (--json shows all)")


def _memory(amount: int) -> str:
    return f"{amount / 1e6:.0f} MB" if amount else "-"


def say(text: str) -> None:
    """Print what is waited for, on standard error."""
    print(f"  {text}", file=sys.stderr)
