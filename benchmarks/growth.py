"""How cost grows with rows, columns, nodes and runs, at three sizes each.

Rows and columns: of a CSV of numbers, through ColumnarExampleGen and StatisticsGen, and through
TFX's CsvExampleGen for comparison, each a node of a warm launcher on the direct runner. Nodes: a
chain of nodes that do nothing, compiled, parsed by Airflow and run by ``headrace run``. Runs: the
nodes of ``metadata``, but for the Resolver, in a store that has so many runs of them already.
"""

from __future__ import annotations

import csv
import random
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import launch
from benchmarks.context import Context
from benchmarks.measure import interleaved, run_process, summarize
from benchmarks.metadata import NO_READERS, NODES, Bench
from benchmarks.nodes import nodes_of
from benchmarks.results import Row

ROWS = (30_000, 100_000, 300_000)
COLUMNS = (10, 40, 160)
NODE_COUNTS = (10, 40, 160)
RUNS = (250, 2_500, 25_000)
_FEW_COLUMNS, _FEW_ROWS = 10, 20_000
_PIPELINE = """
from benchmarks.peers import trivial


def create_pipeline():
    return trivial.chain({nodes})
"""
_DAG = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag("{file}:create_pipeline")
"""
_PARSE = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
assert len(bag.dags) == 1, bag.dags
"""


def run(context: Context) -> list[Row]:
    """Measure the three sizes of each in turn."""
    return [*_data(context), *_nodes(context), *_runs(context)]


def _data(context: Context) -> list[Row]:
    home = context.scratch / "data-home"
    target = "benchmarks/peers/growing.py"
    with (
        nodes_of(context, f"{target}:columnar", home) as ours,
        nodes_of(context, f"{target}:stock", home) as stock,
    ):
        parts = {
            "ColumnarExampleGen": (ours, "ColumnarExampleGen"),
            "StatisticsGen": (ours, "StatisticsGen"),
            "TFX CsvExampleGen": (stock, "CsvExampleGen"),
        }

        def read(place: Path) -> dict[str, float]:
            run_id = f"run{time.time_ns()}"
            found = {
                name: nodes.run(node, run_id, {"data_root": str(place)}).whole
                for name, (nodes, node) in parts.items()
            }
            shutil.rmtree(home / "artifacts")
            return found

        rows: list[Row] = []
        for figure, sizes, shape in (
            ("rows of 10 columns", ROWS, lambda size: (size, _FEW_COLUMNS)),
            ("columns of 20,000 rows", COLUMNS, lambda size: (_FEW_ROWS, size)),
        ):
            places = {size: _csv(context, *shape(size)) for size in sizes}
            rows += _grown(context, f"{figure}: a node (s)", places, read)
    return rows


def _nodes(context: Context) -> list[Row]:
    settings = context.settings
    home = context.scratch / "nodes-home"
    environ = context.environ(
        HEADRACE_HOME=str(home),
        HEADRACE_TFX_PYTHON=str(settings.tfx_python),
        AIRFLOW_HOME=str(context.scratch / "airflow"),
        AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT="300",
    )
    python = str(settings.layout.airflow_python)

    def command(*arguments: str) -> float:
        return run_process(
            [python, *arguments], cwd=settings.project, environ=environ, log=context.log
        ).wall_seconds

    def chain(number: int) -> dict[str, float]:
        file = context.scratch / f"chain{number}.py"
        # New each time, so that it is compiled each time.
        file.write_text(_PIPELINE.format(nodes=number) + f"\n# {time.time_ns()}\n")
        target = f"{file}:create_pipeline"
        dag = context.scratch / f"dag{number}.py"
        dag.write_text(_DAG.format(file=file))
        return {
            "compiled": command("-m", "headrace.cli", "compile", target),
            "parsed by Airflow": command("-c", _PARSE, str(dag)),
            "run": command("-m", "headrace.cli", "run", target),
        }

    try:
        command("-m", "headrace.cli", "compile", "benchmarks/peers/small_nodes.py:create_pipeline")
        sizes = {number: number for number in NODE_COUNTS}
        return _grown(context, "nodes in a chain: the pipeline (s)", sizes, chain)
    finally:
        command("-m", "headrace.cli", "down")


def _runs(context: Context) -> list[Row]:
    files = launch.make_statistics(context)
    with nodes_of(context, launch.TARGET, context.scratch / "home") as nodes:
        bench = Bench(context, nodes, files)
        with bench.filled({runs * len(NODES): str(runs) for runs in RUNS}) as stores:
            sizes = {runs: stores[str(runs)] for runs in RUNS}
            return _grown(
                context,
                "runs in the store: a node (s)",
                sizes,
                lambda store: {"a node": bench.our_seconds(f"sqlite:///{store}", NO_READERS)},
            )


def _grown(
    context: Context,
    figure: str,
    sizes: Mapping[int, object],
    measure: Callable[..., dict[str, float]],
) -> list[Row]:
    subjects = {str(size): (lambda given=given: measure(given)) for size, given in sizes.items()}
    found = interleaved(subjects, context.repeats, uncounted=1)
    return [
        Row(
            "growth",
            part,
            figure,
            summarize([values[part] for values in found[str(size)]]),
            size=size,
        )
        for part in next(iter(found.values()))[0]
        for size in sizes
    ]


def _csv(context: Context, rows: int, columns: int) -> Path:
    """A CSV of whole numbers and fractions, in a directory of its own."""
    place = context.scratch / f"csv-{rows}-{columns}"
    if place.is_dir():
        return place
    place.mkdir()
    source = random.Random(1)
    with (place / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"feature{number}" for number in range(columns)])
        for _ in range(rows):
            writer.writerow(
                [
                    source.randrange(1000) if number % 2 else f"{source.random():.6f}"
                    for number in range(columns)
                ]
            )
    return place
