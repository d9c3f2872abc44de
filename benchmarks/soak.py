"""Penguins every minute under ``headrace up``: does anything grow, and do runs slow down?

A DAG with a schedule of a minute, nothing from the cache. Every few seconds each part is looked at:
memory, open files, threads, processes. Moments at which no node runs are judged, after a quarter of
the time to warm up: memory that grows by more than a twentieth an hour, a count that is higher by
more than two in the last third than in the first, and last ten runs that take a tenth longer than
the first ten, are faults, and the benchmark fails with their names. Memory has grown where both the
resident one and that with shared pages in proportion have: the latter alone does when another
process on the machine ends that had the same libraries.

After each run, while no node runs, a peer does work that is always the same: where it takes longer
too, the machine has become slow, and not the runs. These are judged in proportion to it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from benchmarks import flatness
from benchmarks.airflow_platform import AirflowPlatform, airflow_platform
from benchmarks.context import Context
from benchmarks.flatness import Point
from benchmarks.host_speed import seconds_of_the_same_work
from benchmarks.measure import summarize
from benchmarks.results import Row
from benchmarks.watched import FIGURES, MEMORY, Sample, take
from headrace.files import write_atomically
from headrace.launcher.starting import launcher_processes
from headrace.services import control
from headrace.services.instance import main_instance

_EVERY_SECONDS = 5.0
_PATIENCE_MINUTES = 1.5
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
        samples, peer = _watch(airflow, context.minutes, lambda: seconds_of_the_same_work(context))
        runs = _ended_runs(airflow)
    if not runs:
        raise RuntimeError(f"no run has ended in {context.minutes:.0f} minutes")
    document = {
        "samples": [asdict(item) for item in samples],
        "runs": [asdict(item) for item in runs],
        "peer": peer,
    }
    write_atomically(context.log.with_suffix(".samples.json"), json.dumps(document) + "\n")
    context.faults.extend(faults(samples, runs, peer))
    return rows(samples, runs, peer)


def faults(samples: Sequence[Sample], runs: Sequence[DagRun], peer: Sequence[float]) -> list[str]:
    """What has grown, or failed, in words; empty: all is flat."""
    found = [f"run {item.run_id} is {item.state}" for item in runs if item.state != "success"]
    for part in _parts(samples):
        judged = {figure: flatness.judged(_at_rest(samples, part, figure)) for figure in FIGURES}
        grown = [figure for figure, points in judged.items() if _grows(figure, points)]
        if not MEMORY.issubset(grown):
            grown = [figure for figure in grown if figure not in MEMORY]
        for figure in grown:
            first, last = judged[figure][0][1], judged[figure][-1][1]
            found.append(f"{part}: {FIGURES[figure]} grew from {first:.0f} to {last:.0f}")
    slower = flatness.slowdown([item.seconds for item in runs])
    machine = flatness.slowdown(peer)
    if flatness.slows_down(slower / machine):
        found.append(
            f"the last runs took {slower:.2f} times the first ones' time, "
            f"the same work of a peer {machine:.2f} times"
        )
    return found


def _grows(figure: str, points: Sequence[Point]) -> bool:
    return (flatness.memory_grows if figure in MEMORY else flatness.count_grows)(points)


def rows(samples: Sequence[Sample], runs: Sequence[DagRun], peer: Sequence[float]) -> list[Row]:
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
    made.append(Row("soak", "same work", "the peer's work (s)", summarize(peer)))
    slower, machine = flatness.slowdown(seconds), flatness.slowdown(peer)
    made.append(Row("soak", "penguins", "last runs over first ones", summarize([slower])))
    made.append(Row("soak", "same work", "last runs over first ones", summarize([machine])))
    return made


def peer_is_due(samples: Sequence[Sample], minutes: float) -> bool:
    """Whether a run has ended since the peer's last turn, so many minutes ago.

    Between two nodes of a run none runs either, but not for two samples on end. Where runs take
    more than a minute the next begins at once, and such a moment has to do.
    """
    if not samples or not samples[-1].at_rest:
        return False
    since = [item for item in samples if item.minutes > samples[-1].minutes - minutes]
    pause = len(samples) > 1 and samples[-2].at_rest
    return (pause and not all(item.at_rest for item in since)) or minutes > _PATIENCE_MINUTES


def _watch(
    airflow: AirflowPlatform, minutes: float, same_work: Callable[[], float]
) -> tuple[list[Sample], list[float]]:
    """The samples, and the seconds that the same work took after each run."""
    instance = main_instance(airflow.settings)
    begin = time.monotonic()
    found: list[Sample] = []
    peer: list[float] = []
    last = 0.0
    while (passed := time.monotonic() - begin) < minutes * 60:
        state = control.running(instance)
        if state is None:
            raise RuntimeError("Airflow has ended")
        roots = {name: item.process.pid for name, item in state.components.items()}
        roots["supervisor"] = state.supervisor.pid
        launchers = [item.pid for item in launcher_processes(airflow.settings).values()]
        found.append(take(passed / 60, roots, launchers))
        if peer_is_due(found, passed / 60 - last):
            last = passed / 60
            peer.append(same_work())
        time.sleep(_EVERY_SECONDS)
    return found, peer


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
