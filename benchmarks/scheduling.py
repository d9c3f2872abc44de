"""What a node costs beside what it does, under Airflow: beside plain tasks that do nothing.

DAGs of one shape, side by side in one Airflow 3: nodes that do nothing, through headrace, and tasks
of Airflow's own that do nothing. As many in a chain as in parallel. Each pair runs in turn, and a
first run of each is not counted: it imports TFX.

TFX's AirflowDagRunner on Airflow 2.11 has a chain of fewer nodes, once, since each of its tasks
imports TFX. The penguins pipeline is beside plain tasks of the same shape: what a task took beside
its node's own work, and how long after the last task before it it began.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks import airflow2
from benchmarks.airflow_platform import Run, airflow_platform
from benchmarks.context import Context
from benchmarks.measure import summarize
from benchmarks.results import Row, compared
from headrace.graph.reader import read_graph
from headrace.ir.store import current_ir

NODES = 40
_AIRFLOW2_NODES = 8
_OURS, _PLAIN = "headrace, nodes that do nothing", "plain Airflow, tasks that do nothing"
_OURS_NAME = "headrace"
_SHAPES = ("chain", "parallel")
_PIPELINE = """
from benchmarks.peers import trivial


def create_pipeline():
    return trivial.{shape}({nodes})
"""
_OURS_DAG = """
from headrace.airflow import pipeline_dag

dag = pipeline_dag("dags/{shape}_pipeline.py:create_pipeline", dag_id="ours_{shape}")
"""
_PLAIN_DAG = """
from airflow.sdk import DAG, task

with DAG("plain_{shape}", schedule=None) as dag:

    @task
    def nothing():
        pass

    made = [nothing.override(task_id=f"nothing{{number:03}}")() for number in range({nodes})]
    if "{shape}" == "chain":
        for before, after in zip(made, made[1:]):
            before >> after
"""
_OURS_PENGUINS = """
from headrace.airflow import pipeline_dag

target = "{project}/pipelines/penguins/pipeline.py:create_pipeline"
dag = pipeline_dag(target, dag_id="ours_penguins")
"""
_PLAIN_PENGUINS = """
from airflow.sdk import DAG, task

EDGES = {edges}

with DAG("plain_penguins", schedule=None) as dag:

    @task
    def nothing():
        pass

    made = {{name: nothing.override(task_id=name)() for name in EDGES}}
    for name, before in EDGES.items():
        for one in before:
            made[one] >> made[name]
"""


def run(context: Context) -> list[Row]:
    """Measure the four DAGs in turn."""
    graph = _penguins(context)
    files = {
        ".airflowignore": "_pipeline\\.py$\n",
        "ours_penguins.py": _OURS_PENGUINS.format(project=context.settings.project),
        "plain_penguins.py": _PLAIN_PENGUINS.format(edges=graph),
    }
    for shape in _SHAPES:
        files[f"{shape}_pipeline.py"] = _PIPELINE.format(shape=shape, nodes=NODES)
        files[f"ours_{shape}.py"] = _OURS_DAG.format(shape=shape)
        files[f"plain_{shape}.py"] = _PLAIN_DAG.format(shape=shape, nodes=NODES)
    runs: dict[tuple[str, str], list[Run]] = {}
    with airflow_platform(context, files) as airflow:
        for repeat in range(context.repeats + 1):
            for shape in (*_SHAPES, "penguins"):
                for name in ("ours", "plain"):
                    with_results = (name, shape) == ("ours", "penguins")
                    found = airflow.run(f"{name}_{shape}", with_results=with_results)
                    if repeat:
                        runs.setdefault((name, shape), []).append(found)
    rows = [row for shape in _SHAPES for row in _rows(shape, runs)]
    rows += _penguin_rows(graph, runs)
    python = airflow2.environment(context)
    variables = {"HEADRACE_BENCH_NODES": str(_AIRFLOW2_NODES)}
    seconds = airflow2.peer_run(context, python, "airflow2_chain.py", "chain", **variables)
    peer = summarize([seconds / _AIRFLOW2_NODES])
    name = f"TFX AirflowDagRunner, Airflow 2.11, {_AIRFLOW2_NODES} nodes"
    rows.insert(
        2, Row("scheduling", name, rows[0].figure, peer, rows[0].summary.median / peer.median)
    )
    return rows


def _penguins(context: Context) -> dict[str, list[str]]:
    """The nodes of the penguins pipeline, and those before each."""
    target = "pipelines/penguins/pipeline.py:create_pipeline"
    manifest = current_ir(target, context.settings, cwd=context.settings.project)
    return {node.id: sorted(node.upstream) for node in read_graph(Path(manifest.ir_path)).nodes}


def _penguin_rows(
    graph: Mapping[str, Iterable[str]], runs: dict[tuple[str, str], list[Run]]
) -> list[Row]:
    """Of each node what it cost beside its own work; the figure of a run is the mean over nodes."""
    parts: dict[str, dict[str, list[float]]] = {}
    for name, subject in (("ours", _OURS_NAME), ("plain", _PLAIN)):
        for found in runs[name, "penguins"]:
            beside, after = [], []
            for node, before in graph.items():
                task = found.tasks[node]
                own = float(found.results.get(node, {}).get("wall_seconds") or 0.0)
                beside.append(task.ended - task.started - own)
                if before := list(before):
                    after.append(task.started - max(found.tasks[one].ended for one in before))
            for figure, values in (("beside its node's work", beside), ("until it begins", after)):
                kept = parts.setdefault(f"penguins, a task {figure} (s)", {})
                kept.setdefault(subject, []).append(statistics.mean(values))
    return [
        row for figure, values in parts.items() for row in compared("scheduling", figure, values)
    ]


def _rows(shape: str, runs: dict[tuple[str, str], list[Run]]) -> list[Row]:
    figure = f"{NODES} in {'a chain' if shape == 'chain' else 'parallel'}, a node (s)"
    ours, plain = (
        summarize([found.seconds / NODES for found in runs[name, shape]])
        for name in ("ours", "plain")
    )
    pairs = zip(runs["ours", shape], runs["plain", shape], strict=True)
    more = summarize([(one.seconds - other.seconds) / NODES for one, other in pairs])
    return [
        Row("scheduling", _OURS, figure, ours),
        Row("scheduling", _PLAIN, figure, plain, ours.median / plain.median),
        Row("scheduling", "headrace over plain Airflow", figure, more),
    ]
