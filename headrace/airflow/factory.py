"""``pipeline_dag``: from a target to an Airflow DAG."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from headrace.airflow.errors import for_dag_author
from headrace.airflow.render import NodeDefaults, render_dag
from headrace.graph.reader import read_graph
from headrace.ir.store import current_ir
from headrace.settings import Runner, load_settings


def pipeline_dag(
    target: str,
    *,
    dag_id: str | None = None,
    schedule: Any = None,
    runner: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    node_args: Mapping[str, Mapping[str, Any]] | None = None,
    **dag_args: Any,
) -> DAG:
    """Make a DAG of a TFX pipeline: one task for each node, with TFX's dependencies.

    The pipeline is compiled in the TFX environment when its sources have changed since the last
    time; Airflow's own processes read the compiled JSON and import nothing of TFX.

    Args:
        target: ``path/to/file.py:function`` (relative to the project that the DAG file is in) or
            ``package.module:function``; the function returns a ``tfx.dsl.Pipeline``.
        dag_id: by default the pipeline's name.
        schedule: as for any DAG.
        runner: Beam runner of the heavy nodes, ``direct`` or ``flink``; by default the settings'.
        parameters: values for the pipeline's runtime parameters, in place of its own defaults. A
            text with a Jinja template, such as ``"{{ ds }}"``, is filled in for each run, unless
            whoever triggers the run gives a value.
        node_args: arguments of single tasks by node id, such as
            ``{"Trainer": {"retries": 2, "pool": "gpu"}}``.
        dag_args: passed on to ``DAG``: ``default_args``, ``max_active_runs``, ``tags``, ...

    Raises:
        DagAuthorError: the pipeline does not compile, or an argument does not fit it. Airflow shows
            its message, with file and line, as the DAG's import error.
    """
    dag_file = Path(sys._getframe(1).f_code.co_filename)
    with for_dag_author(target):
        settings = load_settings(dag_file)
        chosen = Runner(runner) if runner is not None else settings.runner
        manifest = current_ir(target, settings)
        graph = read_graph(manifest.ir)
        defaults = NodeDefaults(
            ir_path=manifest.ir_path,
            import_path=manifest.import_path,
            project=str(settings.project),
            runner=chosen.value,
            has_own_metadata=manifest.has_own_metadata,
        )
        dag = render_dag(
            graph,
            defaults,
            dag_id=dag_id or graph.name,
            schedule=schedule,
            parameters=parameters or {},
            node_args=node_args or {},
            dag_args=dag_args,
        )
    dag.fileloc = str(dag_file)
    return dag
