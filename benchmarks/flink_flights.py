"""Flights, ten times over (3.4 million rows), into examples, statistics and transformed examples.

On Flink with parallelism 1 and 2, and on Beam's direct runner with two processes; and on Flink with
parallelism 1 as on a machine of one processor, since a slot alone also uses a part of the second
one: its JVM and its Python process work at once. The CSV is read by ColumnarExampleGen, since
CsvExampleGen reads a file in one piece. The nodes run one after another; each round is of minutes,
so there is one, whatever the number of repeats. Memory is that of everything together: nodes,
Beam's processes, and for Flink the cluster and its harnesses.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.context import Context
from benchmarks.flink_platform import Cost, platform
from benchmarks.measure import run_process, summarize
from benchmarks.results import Row

OURS = "flink, parallelism 2"
ONE_PROCESSOR = "flink, parallelism 1, one processor"
_SUBJECTS = {
    OURS: ("flink", "--parallelism=2"),
    "flink, parallelism 1": ("flink", "--parallelism=1"),
    ONE_PROCESSOR: ("flink", "--parallelism=1"),
    "direct, two processes": (
        "direct",
        "--direct_running_mode=multi_processing --direct_num_workers=2",
    ),
}
TARGET = "benchmarks/peers/many_flights.py:create_pipeline"
_NODES = ("ColumnarExampleGen", "StatisticsGen", "Transform")
_STAGE = """
import sys
from pathlib import Path
from pipelines.flights import data
place, times = Path(sys.argv[1]), int(sys.argv[2])
staged = data.stage(place / "once") / data.FILE_NAME
header, _, rows = staged.read_text().partition("\\n")
(place / "many").mkdir()
with (place / "many" / data.FILE_NAME).open("w") as file:
    file.write(header + "\\n")
    for _ in range(times):
        file.write(rows)
"""


def stage(context: Context) -> Path:
    """A directory with the CSV of flights, as many times over as is asked for."""
    data = context.scratch / "data"
    data.mkdir()
    run_process(
        [str(context.settings.tfx_python), "-c", _STAGE, str(data), str(context.size)],
        cwd=context.settings.project,
        environ=context.environ(),
        log=context.log,
    )
    return data / "many"


def run(context: Context) -> list[Row]:
    """Measure each once."""
    data = stage(context)
    costs: dict[str, Cost] = {}
    for subject, (runner, beam_args) in _SUBJECTS.items():
        processors = 1 if subject == ONE_PROCESSOR else None
        with _at_most(processors), platform(context, flink=runner == "flink") as side:
            arguments = (f"--runner={runner}", "--jobs=1", f"--param=data_root={data}")
            costs[subject] = side.run(TARGET, "run", *arguments, beam_args=beam_args)
    rows = []
    for figure in (*_NODES, "three nodes", "peak memory"):
        ours = _figure(costs[OURS], figure)
        for subject, cost in costs.items():
            value = _figure(cost, figure)
            unit = "MB" if figure == "peak memory" else "s"
            ratio = None if subject == OURS else ours / value
            rows.append(
                Row("flink_flights", subject, f"{figure} ({unit})", summarize([value]), ratio)
            )
    return rows


@contextlib.contextmanager
def _at_most(processors: int | None) -> Iterator[None]:
    """Bind this process, and so all that it starts, to so many processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:processors])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _figure(cost: Cost, figure: str) -> float:
    if figure == "peak memory":
        return cost.peak_bytes / 1e6
    return sum(cost.nodes[node] for node in (_NODES if figure == "three nodes" else (figure,)))
