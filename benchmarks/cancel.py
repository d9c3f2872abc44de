"""How long it takes until nothing of a node is left, from when a person or a machine ends it.

Four ways to end it: its task is marked failed in Airflow, its DAG run is deleted (failed first, as
Airflow wants it), its worker gets SIGTERM, and Ctrl-C where ``headrace run`` runs it. Three nodes:
one that obeys, one that ignores SIGTERM as does a process that it has started, and one that waits
for its job on Flink. Of each the seconds until no process of the node, no job and no harness of it
is there, and until its execution is CANCELED in the store. More than ten seconds are a fault.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.airflow_platform import AirflowPlatform, airflow_platform
from benchmarks.census import ask_sqlite
from benchmarks.context import Context
from benchmarks.measure import summarize
from benchmarks.results import Row
from headrace.bootstrap.progress import Progress
from headrace.flink.distribution import provide_distribution
from headrace.flink.jar import provide_jar
from headrace.flink.job_api import ENDED
from headrace.flink.paths import flink_paths
from headrace.flink.rest import FlinkApi
from headrace.flink.state import current_cluster

_AT_LEAST = 5
_START_SECONDS, _END_SECONDS = 180.0, 60.0
_POLL_SECONDS = 0.02
_MOST_SECONDS = 10.0
_CANCELED = "6"
NODES = {"obeying": "one that obeys", "deaf": "one that ignores SIGTERM", "job": "one with a job"}
_DAG = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "{project}/benchmarks/peers/staying.py:{name}",
    dag_id="{name}",
    runner="{runner}",
    max_active_runs=99,
)
"""


@dataclass(frozen=True)
class Begun:
    """A node that runs.

    Attributes:
        end: does to it what is measured.
        close: afterwards, whatever else must end.
    """

    run_id: str
    pids: list[int]
    end: Callable[[], object]
    close: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Bench:
    """Begins nodes and ends them, on one platform."""

    context: Context
    airflow: AirflowPlatform
    environ: dict[str, str]

    def seconds(self, way: str, node: str, number: int) -> tuple[float, float]:
        """Until no process or job is left, and until the store says so."""
        begun = self._begin(way, node, f"{way}-{node}-{number}".replace(" ", "-"))
        start = time.monotonic()
        begun.end()
        try:
            gone = _wait_until(lambda: not _alive(begun.pids) and not self._jobs(node), start)
            told = _wait_until(lambda: self._is_closed(begun.run_id), start)
        finally:
            begun.close()
        return gone, max(gone, told)

    def _begin(self, way: str, node: str, name: str) -> Begun:
        marker = self.context.scratch / name
        if way == "Ctrl-C":
            return self._in_terminal(node, name, marker)
        api = self.airflow.api
        api.trigger(node, name, {"marker": str(marker)})
        pids = _pids(marker)
        path = f"/api/v2/dags/{node}/dagRuns/{name}"

        def delete() -> None:
            api._check(api._request("PATCH", path, json={"state": "failed"}))
            api._request("DELETE", path)

        def end_worker() -> None:
            [task] = api.tasks(node, name)
            worker = psutil.Process(task["pid"]).parent()
            assert worker is not None
            worker.terminate()

        ends: dict[str, Callable[[], object]] = {
            "marked failed": lambda: api.set_state(node, name, "Stay", "failed"),
            "DAG run deleted": delete,
            "SIGTERM to the worker": end_worker,
        }
        return Begun(name, pids, ends[way])

    def _in_terminal(self, node: str, name: str, marker: Path) -> Begun:
        project = self.context.settings.project
        with self.context.log.open("ab") as log:
            process = subprocess.Popen(
                [
                    *(str(self.context.settings.layout.airflow_python), "-m", "headrace.cli"),
                    *("run", f"{project}/benchmarks/peers/staying.py:{node}", f"--run-id={name}"),
                    f"--param=marker={marker}",
                    f"--runner={_runner(node)}",
                ],
                cwd=self.airflow.settings.project,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        pids = _pids(marker)
        return Begun(
            name,
            pids,
            lambda: os.kill(process.pid, signal.SIGINT),
            lambda: process.wait(_END_SECONDS),
        )

    def _jobs(self, node: str) -> bool:
        if node != "job":
            return False
        with FlinkApi(current_cluster(self.airflow.settings).rest_url) as flink:
            return any(job.state not in ENDED for job in flink.jobs())

    def _is_closed(self, run_id: str) -> bool:
        ask = ask_sqlite(self.airflow.settings.layout.metadata_database)
        rows = ask(
            "select e.last_known_state from Execution e "
            "join Association a on a.execution_id = e.id "
            f"join Context c on c.id = a.context_id where c.name = '{run_id}'"
        )
        return rows == [(_CANCELED,)]


WAYS = ("marked failed", "DAG run deleted", "SIGTERM to the worker", "Ctrl-C")


def run(context: Context) -> list[Row]:
    """Measure each way with each node.

    Raises:
        RuntimeError: a node did not begin, or something of it is still there after a minute.
    """
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with _bench(context) as bench:
        for number in range(max(_AT_LEAST, context.repeats)):
            for way in WAYS:
                for node in NODES:
                    found.setdefault((way, node), []).append(bench.seconds(way, node, number))
    for (way, node), seconds in found.items():
        if (longest := max(told for _, told in seconds)) > _MOST_SECONDS:
            context.faults.append(f"{way}, {NODES[node]}: {longest:.1f} s until it was CANCELED")
    rows = []
    for index, figure in enumerate(("no process and no job left (s)", "CANCELED in the store (s)")):
        for (way, node), seconds in found.items():
            summary = summarize([pair[index] for pair in seconds])
            rows.append(Row("cancel", f"{way}, {NODES[node]}", figure, summary))
    return rows


@contextmanager
def _bench(context: Context) -> Iterator[Bench]:
    ours = context.settings
    paths = flink_paths(ours)
    environs = {
        "HEADRACE_FLINK_HOME": str(provide_distribution(ours, paths, Progress()).home),
        "HEADRACE_FLINK_JAR": str(provide_jar(ours, paths, Progress())),
        # The nodes write their markers there.
        "HEADRACE_PARAMETER_ROOTS": str(context.scratch),
    }
    files = {
        f"{name}.py": _DAG.format(project=ours.project, name=name, runner=_runner(name))
        for name in NODES
    }
    with airflow_platform(context, files, up=("--runner", "flink"), **environs) as airflow:
        settings = airflow.settings
        environ = context.environ(
            HEADRACE_PROJECT=str(settings.project),
            HEADRACE_HOME=str(settings.home),
            HEADRACE_TFX_PYTHON=str(settings.tfx_python),
            **environs,
        )
        yield Bench(context, airflow, environ)


def _runner(node: str) -> str:
    return "flink" if node == "job" else "direct"


def _pids(marker: Path) -> list[int]:
    """The processes of a node, once it has begun."""
    _wait_until(marker.exists, time.monotonic(), _START_SECONDS)
    return [int(text) for text in marker.read_text().split()]


def _alive(pids: list[int]) -> bool:
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            continue
    return False


def _wait_until(
    condition: Callable[[], bool], start: float, seconds: float = _END_SECONDS
) -> float:
    """Seconds from ``start`` until it holds."""
    while not condition():
        if time.monotonic() - start > seconds:
            raise RuntimeError(f"it did not come to pass in {seconds:.0f} s")
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - start
