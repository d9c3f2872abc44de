"""A trivial Beam job on one Flink cluster: by headrace's runner, and by Beam's own settings.

The peer is Beam's PortableRunner with a job-server process and Beam's worker pool, both up before.
Each run is a process of its own; its time is from the pipeline's construction to its end, without
the import of Beam. A first run of each is not counted.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.context import Context
from benchmarks.flink_platform import Platform, platform
from benchmarks.measure import run_process, summarize
from benchmarks.results import Row
from headrace.services.ports import free_port

OURS = "headrace's runner"
PEER = "Beam's PortableRunner, job server"
_JOB_SERVER = "org.apache.beam.runners.flink.FlinkJobServerDriver"
_START_SECONDS = 120.0


def run(context: Context) -> list[Row]:
    """Measure the two in turn."""
    seconds: dict[str, list[float]] = {OURS: [], PEER: []}
    with platform(context, flink=True) as flink, _stock(flink) as stock:
        ours = ["--runner=headrace.flink_runner.FlinkRunner", "--parallelism=1"]
        for repeat in range(context.repeats + 1):
            for subject, arguments in ((OURS, ours), (PEER, stock)):
                took = _job(flink, arguments)
                if repeat:
                    seconds[subject].append(took)
    mine, peer = (summarize(seconds[subject]) for subject in (OURS, PEER))
    return [
        Row("flink_job", OURS, "wall (s)", mine),
        Row("flink_job", PEER, "wall (s)", peer, mine.median / peer.median),
    ]


def _job(flink: Platform, arguments: Sequence[str]) -> float:
    context = flink.context
    script = context.settings.project / "benchmarks" / "peers" / "beam_job.py"
    file = context.scratch / "seconds"
    run_process(
        [str(context.settings.tfx_python), str(script), str(file), *arguments],
        cwd=context.settings.project,
        environ=flink.environ,
        log=context.log,
    )
    return float(file.read_text())


@contextlib.contextmanager
def _stock(flink: Platform) -> Iterator[list[str]]:
    """A job server and a worker pool of Beam's; yields the arguments that lead a job to them."""
    bin_directory = flink.context.settings.tfx_python.parent
    job, pool = free_port(), free_port()
    cluster = flink.cluster
    flink_libraries = Path(flink.environ["HEADRACE_FLINK_HOME"], "lib", "*")
    job_server = [
        "java",
        "-cp",
        f"{flink_libraries}:{flink.environ['HEADRACE_FLINK_JAR']}",
        _JOB_SERVER,
        f"--flink-master={urlsplit(cluster.rest_url).netloc}",
        f"--job-port={job}",
        "--artifact-port=0",
        "--expansion-port=0",
        f"--artifacts-dir={flink.context.scratch / 'job-server'}",
    ]
    # Beam's pool starts "python", whichever is first on PATH.
    worker_pool = [
        "env",
        f"PATH={bin_directory}:{flink.environ['PATH']}",
        str(flink.context.settings.tfx_python),
        "-m",
        "apache_beam.runners.worker.worker_pool_main",
        f"--service_port={pool}",
    ]
    with _process(flink, job_server, job), _process(flink, worker_pool, pool):
        yield [
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{job}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{pool}",
            "--parallelism=1",
        ]


@contextlib.contextmanager
def _process(flink: Platform, command: Sequence[str], port: int) -> Iterator[None]:
    """Run it until it listens, and end it afterwards."""
    with flink.context.log.open("ab") as log:
        process = subprocess.Popen(command, env=flink.environ, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} does not start: see {flink.context.log}")
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), 1).close()
    except OSError:
        return False
    return True
