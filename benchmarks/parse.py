"""Parsing a DAG file: ours and an empty one under Airflow 3, beside importing the same pipeline.

TFX's own AirflowDagRunner imports the pipeline each time that Airflow parses its file, so the
peer's figure is a process that imports and builds the pipeline, without Airflow's own share.
"""

from __future__ import annotations

from benchmarks.context import Context
from benchmarks.measure import Cost, run_process, summarize
from benchmarks.results import Row

_PARSE = """
import sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
assert len(bag.dags) == int(sys.argv[2]), bag.dags
assert not {"tensorflow", "tfx", "apache_beam"} & set(sys.modules)
"""
_IMPORT = """
from pipelines.penguins.pipeline import create_pipeline
assert create_pipeline().components
"""
_EMPTY = "from airflow.sdk import DAG\n\ndag = DAG('empty')\n"


def run(context: Context) -> list[Row]:
    """Measure the three subjects in turn, as many times as asked."""
    settings = context.settings
    ours = settings.project / "dags" / "penguins.py"
    empty = context.scratch / "empty.py"
    empty.write_text(_EMPTY)
    airflow_home = context.scratch / "airflow"
    # As `up` sets it: the first round compiles the pipeline, with a TFX to import.
    timeout = {"AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300"}
    airflow = context.environ(AIRFLOW_HOME=str(airflow_home), **timeout)
    python = str(settings.layout.airflow_python)
    commands = {
        "headrace penguins.py": ([python, "-c", _PARSE, str(ours), "1"], airflow),
        "a DAG file without tasks": ([python, "-c", _PARSE, str(empty), "1"], airflow),
        "the same pipeline imported with TFX": (
            [str(settings.tfx_python), "-c", _IMPORT],
            context.environ(),
        ),
    }
    costs: dict[str, list[Cost]] = {subject: [] for subject in commands}
    for repeat in range(context.repeats + 1):
        for subject, (command, environ) in commands.items():
            cost = run_process(command, cwd=settings.project, environ=environ, log=context.log)
            if repeat:  # the first round warms the page cache and compiles the IR
                costs[subject].append(cost)
    return _rows(costs)


def _rows(costs: dict[str, list[Cost]]) -> list[Row]:
    rows, ours = [], {}
    for subject, measured in costs.items():
        figures = {
            "process wall (s)": [cost.wall_seconds for cost in measured],
            "peak memory (MB)": [cost.peak_memory_bytes / 1e6 for cost in measured],
        }
        for figure, values in figures.items():
            summary = summarize(values)
            first = ours.setdefault(figure, summary)
            ratio = None if first is summary else first.median / summary.median
            rows.append(Row("parse", subject, figure, summary, ratio))
    return rows
