"""The penguins pipeline, from nothing: as an Airflow 3 DAG, and by TFX's LocalDagRunner.

Each run has a metadata store and an artifact root of its own, so nothing comes from a cache. The
DAG run's time is Airflow's own, from queued to the end of its last task; LocalDagRunner's is the
run call's, and the whole process with its import of TFX stands beside it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks.context import Context
from benchmarks.measure import run_process, summarize
from benchmarks.results import Row

OURS = "headrace on Airflow 3, DAG run"
LOCAL = "TFX LocalDagRunner, run"
LOCAL_PROCESS = "TFX LocalDagRunner, whole process"


def run(context: Context) -> list[Row]:
    """Measure ours and the peer in turn."""
    values: dict[str, list[float]] = {OURS: [], LOCAL: [], LOCAL_PROCESS: []}
    for repeat in range(context.repeats):
        place = context.scratch / str(repeat)
        values[OURS].append(dag_run(context, place / "ours"))
        run_seconds, process_seconds = _local(context, place / "local")
        values[LOCAL].append(run_seconds)
        values[LOCAL_PROCESS].append(process_seconds)
    ours = summarize(values[OURS])
    rows = [Row("penguins", OURS, "wall (s)", ours)]
    for subject in (LOCAL, LOCAL_PROCESS):
        summary = summarize(values[subject])
        rows.append(Row("penguins", subject, "wall (s)", summary, ours.median / summary.median))
    return rows


def dag_run(context: Context, place: Path) -> float:
    """Seconds of one DAG run by headrace, everything new below ``place``."""
    place.mkdir(parents=True)
    environ = context.environ(
        HEADRACE_METADATA_URL=f"sqlite:///{place / 'metadata.sqlite'}",
        HEADRACE_ARTIFACT_ROOT=str(place / "artifacts"),
    )
    command = [str(context.settings.project / "bin" / "headrace"), "demo", "--json"]
    with context.log.open("ab") as log:
        completed = subprocess.run(
            command,
            cwd=context.settings.project,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=log,
            check=True,
        )
    return float(json.loads(completed.stdout)["run"]["seconds"])


def _local(context: Context, place: Path) -> tuple[float, float]:
    place.mkdir(parents=True)
    script = context.settings.project / "benchmarks" / "peers" / "local_dag_runner.py"
    cost = run_process(
        [str(context.settings.tfx_python), str(script), str(place)],
        cwd=context.settings.project,
        environ=context.environ(),
        log=context.log,
    )
    return float((place / "seconds").read_text()), cost.wall_seconds
