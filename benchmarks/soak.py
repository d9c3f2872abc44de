"""Penguins every minute under ``headrace up``: does anything grow, and do runs slow down?

A DAG with a schedule of a minute, nothing from the cache. Every few seconds each part is looked at:
memory, open files, threads, processes. Moments at which no node runs are judged, after a quarter of
the time to warm up: memory that grows by more than a twentieth an hour, a count that is higher by
more than two in the last third than in the first, and last ten runs that take a tenth longer than
the first ten, are faults, and the benchmark fails with their names.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from benchmarks import flatness
from benchmarks.airflow_platform import AirflowPlatform, airflow_platform
from benchmarks.context import Context
from benchmarks.flatness import Point
from benchmarks.measure import summarize
from benchmarks.results import Row
from benchmarks.watched import FIGURES, Sample, take
from headrace.files import write_atomically
from headrace.launcher.starting import launcher_processes
from headrace.services import control
from headrace.services.instance import main_instance

_EVERY_SECONDS = 5.0
_WINDOWS = 8
_WHOLE = "all of it"
_PIPELINE = """
import sys

sys.path.insert(0, {project!r})
from pipelines.penguins import pipeline


def create_pipeline():
    made = pipeline.create_pipeline()
    made.enable_cache = False
    return made
"""
_DAG = """
from datetime import datetime, timezone

from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "dags/soaked_pipeline.py:create_pipeline",
    dag_id="soak",
    schedule="* * * * *",
    start_date=datetime(2020, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
)
"""


@dataclass(frozen=True)
class DagRun:
    """A run that has ended."""

    run_id: str
    state: str
    seconds: float


def run(context: Context) -> list[Row]:
    """Watch for so many minutes and judge.

    Raises:
        RuntimeError: the DAG has no runs, or Airflow ended.
    """
    files = {
        ".airflowignore": "_pipeline\\.py$\n",
        "soaked_pipeline.py": _PIPELINE.format(project=str(context.settings.project)),
        "soak.py": _DAG,
    }
    with airflow_platform(context, files) as airflow:
        samples = _watch(airflow, context.minutes)
        runs = _ended_runs(airflow)
    if not runs:
        raise RuntimeError(f"no run has ended in {context.minutes:.0f} minutes")
    document = {"samples": [asdict(item) for item in samples], "runs": [asdict(i) for i in runs]}
    write_atomically(context.log.with_suffix(".samples.json"), json.dumps(document) + "\n")
    context.faults.extend(faults(samples, runs))
    return rows(samples, runs)


def faults(samples: Sequence[Sample], runs: Sequence[DagRun]) -> list[str]:
    """What has grown, or failed, in words; empty: all is flat."""
    found = [f"run {item.run_id} is {item.state}" for item in runs if item.state != "success"]
    for part in _parts(samples):
        for figure, text in FIGURES.items():
            points = flatness.judged(_at_rest(samples, part, figure))
            grows = flatness.memory_grows if figure.endswith("_bytes") else flatness.count_grows
            if grows(points):
                first, last = points[0][1], points[-1][1]
                found.append(f"{part}: {text} grew from {first:.0f} to {last:.0f}")
    seconds = [item.seconds for item in runs]
    if flatness.slows_down(seconds):
        found.append(f"the last runs took {flatness.slowdown(seconds):.2f} times the first ones'")
    return found


def rows(samples: Sequence[Sample], runs: Sequence[DagRun]) -> list[Row]:
    """The figures of each part over time, how much memory grows, and the runs' durations."""
    made: list[Row] = []
    for figure, text in FIGURES.items():
        for part in _parts(samples):
            for minutes, value in flatness.windows(_at_rest(samples, part, figure), _WINDOWS):
                made.append(Row("soak", part, text, summarize([value]), size=round(minutes, 1)))
    for part in _parts(samples):
        points = flatness.judged(_at_rest(samples, part, "pss_bytes"))
        growth = summarize([flatness.growth_an_hour(points)])
        made.append(Row("soak", part, "memory, growth an hour (MB)", growth))
    seconds = [item.seconds for item in runs]
    made.append(Row("soak", "penguins", "a DAG run (s)", summarize(seconds)))
    last = summarize([flatness.slowdown(seconds)])
    made.append(Row("soak", "penguins", "last runs over first ones", last))
    return made


def _watch(airflow: AirflowPlatform, minutes: float) -> list[Sample]:
    instance = main_instance(airflow.settings)
    begin = time.monotonic()
    found: list[Sample] = []
    while (passed := time.monotonic() - begin) < minutes * 60:
        state = control.running(instance)
        if state is None:
            raise RuntimeError("Airflow has ended")
        roots = {name: item.process.pid for name, item in state.components.items()}
        roots["supervisor"] = state.supervisor.pid
        launchers = [item.pid for item in launcher_processes(airflow.settings).values()]
        found.append(take(passed / 60, roots, launchers))
        time.sleep(_EVERY_SECONDS)
    return found


def _ended_runs(airflow: AirflowPlatform) -> list[DagRun]:
    """In the order in which they began."""
    found = sorted(airflow.api.runs("soak"), key=lambda item: str(item["start_date"]))
    return [
        DagRun(
            item["dag_run_id"],
            item["state"],
            _seconds(item["start_date"], item["end_date"]),
        )
        for item in found
        if item["end_date"]
    ]


def _parts(samples: Sequence[Sample]) -> list[str]:
    return sorted({part for sample in samples for part in sample.parts})


def _at_rest(samples: Sequence[Sample], part: str, figure: str) -> list[Point]:
    return [
        (sample.minutes, sample.parts[part].figure(figure))
        for sample in samples
        if sample.at_rest and sample.parts[part].processes
    ]


def _seconds(begin: str, end: str) -> float:
    first, last = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (begin, end))
    return (last - first).total_seconds()
