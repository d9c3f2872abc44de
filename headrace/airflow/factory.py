"""``pipeline_dag``: from a target to an Airflow DAG."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow.sdk import DAG
from airflow.sdk.configuration import conf

from headrace.airflow.errors import DagAuthorError
from headrace.airflow.render import NodeDefaults, render_dag
from headrace.errors import HeadraceError, UsageError
from headrace.graph.reader import read_graph
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.protocol import EventFrame, Frame, LogFrame
from headrace.settings import Keras, Runner, Settings, load_settings

_log = logging.getLogger(__name__)


def pipeline_dag(
    target: str,
    *,
    dag_id: str | None = None,
    schedule: Any = None,
    runner: str | None = None,
    keras: str | None = None,
    deferrable: bool | None = None,
    parameters: Mapping[str, Any] | None = None,
    node_args: Mapping[str, Mapping[str, Any]] | None = None,
    span_parameter: str = "",
    approve: Mapping[str, Mapping[str, Any]] | Sequence[str] = (),
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
        keras: major version of Keras that the pipeline's nodes have, ``2`` or ``3``; by default the
            settings', else the one that the pipeline chooses itself, else 3.
        deferrable: whether a task gives its worker slot back while its node runs; by default
            Airflow's own default (``[operators] default_deferrable``). A single node's is set in
            ``node_args``.
        parameters: values for the pipeline's runtime parameters, in place of its own defaults. A
            text with a Jinja template, such as ``"{{ ds }}"``, is filled in for each run, unless
            whoever triggers the run gives a value. With None a value must be given at each trigger.
        node_args: arguments of single tasks by node id, such as
            ``{"Trainer": {"retries": 2, "pool": "gpu"}}``.
        span_parameter: the runtime parameter that is the run's span. By default it is the run's
            partition, or the day that its data interval starts on; events of the run's assets have
            it as their partition. docs/retraining.md has more.
        approve: nodes that a person is asked about before they run, such as ``["Pusher"]``, or by
            node id the arguments of Airflow's ``ApprovalOperator`` that asks.
        dag_args: passed on to ``DAG``: ``default_args``, ``max_active_runs``, ``tags``, ...

    Raises:
        DagAuthorError: the pipeline does not compile, or an argument does not fit it. Airflow shows
            its message, with file and line, as the DAG's import error.
    """
    dag_file = Path(sys._getframe(1).f_code.co_filename)
    try:
        settings = load_settings(dag_file)
        chosen = settings.runner if runner is None else _runner(runner)
        if keras is not None:
            settings = replace(settings, keras=_keras(keras))
        manifest = _compiled(target, settings)
        graph = read_graph(manifest.ir)
        dag = render_dag(
            graph,
            _defaults(manifest, settings, chosen, _is_deferrable(deferrable)),
            dag_id=dag_id,
            schedule=schedule,
            parameters=parameters or {},
            node_args=node_args or {},
            approve=_approvals(approve),
            dag_args=dag_args,
            span_parameter=span_parameter,
        )
    except HeadraceError as error:
        message = f"{target}: {error}"
    else:
        dag.fileloc = str(dag_file)
        return dag
    # Raised here, outside of the handler: Airflow shows the last two frames of an import error,
    # which are then the line of the DAG file and this one, and no chain of our own.
    raise DagAuthorError(message)


def _compiled(target: str, settings: Settings) -> Manifest:
    """The pipeline's manifest; a relative target is the project's, wherever Airflow was started."""
    return current_ir(target, settings, on_frame=_show, cwd=settings.project)


def _defaults(
    manifest: Manifest, settings: Settings, runner: Runner, deferrable: bool
) -> NodeDefaults:
    return NodeDefaults(
        ir_path=manifest.ir_path,
        import_path=manifest.import_path,
        project=str(settings.project),
        runner=runner.value,
        keras=manifest.keras_for(settings).value,
        has_own_metadata=manifest.has_own_metadata,
        deferrable=deferrable,
        target=_within(manifest.target, settings.project),
    )


def _is_deferrable(chosen: bool | None) -> bool:
    if chosen is not None:
        return chosen
    default: bool = conf.getboolean("operators", "default_deferrable", fallback=False)
    return default


def _approvals(
    approve: Mapping[str, Mapping[str, Any]] | Sequence[str],
) -> Mapping[str, Mapping[str, Any]]:
    if isinstance(approve, Mapping):
        return approve
    # A text would be taken for its letters.
    return {name: {} for name in ([approve] if isinstance(approve, str) else approve)}


def _within(target: str, project: Path) -> str:
    return target.removeprefix(f"{project}/")


def _runner(name: str) -> Runner:
    try:
        return Runner(name)
    except ValueError:
        known = ", ".join(repr(item.value) for item in Runner)
        raise UsageError(f"there is no runner {name!r}", f"the runners are {known}") from None


def _keras(version: str) -> Keras:
    try:
        return Keras(str(version))
    except ValueError:
        raise UsageError(f"there is no Keras {version!r} here", "it is '2' or '3'") from None


def _show(frame: Frame) -> None:
    """What a compilation says goes to the log of the DAG processor."""
    if isinstance(frame, LogFrame):
        level = logging.getLevelName(frame.level)
        _log.log(level if isinstance(level, int) else logging.INFO, "%s", frame.message)
    elif isinstance(frame, EventFrame) and frame.detail:
        _log.info("%s", frame.detail)
