"""The penguins pipeline under TFX's own AirflowDagRunner on Airflow 2.11, beside ours on Airflow 3.

The peer runs as it comes: SQLite and the SequentialExecutor, which is what Airflow 2 allows on
SQLite. It is installed, locked, into an environment of its own. One run of it takes minutes, so it
is measured once, whatever the number of repeats.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import penguins
from benchmarks.context import Context
from benchmarks.measure import summarize
from benchmarks.peer_environment import build_peer
from benchmarks.results import Row

PEER = "TFX AirflowDagRunner on Airflow 2.11, DAG run"
_LIMIT_SECONDS = 1800.0


def run(context: Context) -> list[Row]:
    """Measure the peer once, and ours as often as asked."""
    python = environment(context)
    seconds = [
        penguins.dag_run(context, context.scratch / f"ours-{repeat}")
        for repeat in range(context.repeats)
    ]
    ours, peer = summarize(seconds), summarize([peer_run(context, python, "airflow2_dag.py")])
    return [
        Row("airflow2", penguins.OURS, "wall (s)", ours),
        Row("airflow2", PEER, "wall (s)", peer, ours.median / peer.median),
    ]


def environment(context: Context) -> Path:
    """Install Airflow 2 with TFX, if it is not yet, and return its interpreter."""
    settings = context.settings
    return build_peer(
        settings.project / "benchmarks" / "requirements" / "airflow2.txt",
        settings.home / "bench" / "envs" / "airflow2",
        settings.layout,
        context.log,
    )


def peer_run(
    context: Context, python: Path, file: str, dag_id: str = "penguins", **variables: str
) -> float:
    """Seconds of one DAG run under Airflow 2, of the DAG in that file of ``benchmarks/peers``."""
    place = context.scratch / "airflow2"
    dags = place / "dags"
    dags.mkdir(parents=True)
    shutil.copy(context.settings.project / "benchmarks" / "peers" / file, dags / file)
    environ = context.environ(
        AIRFLOW_HOME=str(place),
        AIRFLOW__CORE__DAGS_FOLDER=str(dags),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION="False",
        # At its default of 30 s Airflow 2 gives up on a file that imports TensorFlow.
        AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT="300",
        AIRFLOW__CORE__DAG_FILE_PROCESSOR_TIMEOUT="600",
        HEADRACE_BENCH_PLACE=str(place),
        **variables,
        PATH=f"{python.parent}{os.pathsep}{os.environ['PATH']}",
    )
    airflow = str(python.parent / "airflow")
    with context.log.open("ab") as log:

        def call(*arguments: str) -> None:
            subprocess.run(
                [airflow, *arguments], env=environ, cwd=place, stdout=log, stderr=log, check=True
            )

        call("db", "migrate")
        database = place / "airflow.db"
        scheduler = subprocess.Popen(
            [airflow, "scheduler"],
            env=environ,
            cwd=place,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(database, f"select 1 from dag where dag_id = '{dag_id}'", scheduler)
            call("dags", "trigger", dag_id)
            ended = "state in ('success', 'failed')"
            _wait_for(database, f"select 1 from dag_run where {ended}", scheduler)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(scheduler.pid, signal.SIGTERM)
            scheduler.wait()
    return _run_seconds(database)


def _wait_for(database: Path, query: str, scheduler: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        with _reading(database) as connection:
            if connection.execute(query).fetchone():
                return
            broken = connection.execute("select stacktrace from import_error").fetchone()
        if broken:
            raise RuntimeError(f"the peer's DAG file cannot be parsed: {broken[0]}")
        if scheduler.poll() is not None:
            raise RuntimeError("the peer's scheduler ended: see the log")
        time.sleep(1)
    raise RuntimeError(f"the peer did not get there in {_LIMIT_SECONDS:.0f} s: {query}")


def _run_seconds(database: Path) -> float:
    with _reading(database) as connection:
        state, seconds = connection.execute(
            "select state, (julianday(end_date) - julianday(queued_at)) * 86400 from dag_run"
        ).fetchone()
    if state != "success":
        raise RuntimeError(f"the peer's DAG run ended as {state}")
    return float(seconds)


@contextlib.contextmanager
def _reading(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        yield connection
    finally:
        connection.close()
