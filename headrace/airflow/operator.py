"""The operator: one task runs one node of a TFX pipeline, through the launcher of its host."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from headrace.airflow.metadata import metadata_url
from headrace.airflow.params import coerced
from headrace.errors import HeadraceError, UsageError
from headrace.graph.entities import ParameterType, RuntimeParameter
from headrace.launcher.client import JobFailed, LauncherClient, run_node
from headrace.launcher.jobs import NodeRequest, NodeResult, ParameterValue
from headrace.launcher.protocol import EventFrame, Frame, LogFrame
from headrace.settings import load_settings

_NOT_IN_A_RUN_ID = re.compile(r"[^A-Za-z0-9_.:+-]")
_FINAL_ERRORS = ("UsageError",)


class NodeOperator(BaseOperator):  # type: ignore[misc]
    """Runs one node; its XCom is the node's result.

    Args:
        node: id of the node in the IR.
        ir_path: the compiled pipeline.
        import_path: directories that the node's process puts on ``sys.path``.
        project: directory whose settings apply.
        runner: Beam runner, ``direct`` or ``flink``.
        has_own_metadata: the pipeline names a metadata store, used where the settings give none.
        parameter_types: runtime parameters that this node uses, with their types.
        templates: Jinja templates of those that a run fills in.
    """

    template_fields: Sequence[str] = ("templates",)
    ui_color = "#e7f0fb"

    def __init__(
        self,
        *,
        node: str,
        ir_path: str,
        import_path: list[str],
        project: str,
        runner: str,
        has_own_metadata: bool = False,
        parameter_types: dict[str, str] | None = None,
        templates: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.node = node
        self.ir_path = ir_path
        self.import_path = import_path
        self.project = project
        self.runner = runner
        self.has_own_metadata = has_own_metadata
        self.parameter_types = parameter_types or {}
        self.templates = templates or {}
        self._client: LauncherClient | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the node and return its result.

        Raises:
            AirflowSkipException: the node has nothing to do in this run.
            AirflowFailException: it failed for a reason that another try cannot mend.
            AirflowException: it failed.
        """
        try:
            result = self._run(context)
        except JobFailed as failure:
            raise self._task_error(failure, failure.error.error_type) from None
        except HeadraceError as failure:
            raise self._task_error(failure, type(failure).__name__) from None
        if result.state == "SKIPPED":
            raise AirflowSkipException(f"node {self.node} has nothing to do in this run")
        self.log.info("%s", _summary(result))
        return asdict(result)

    def on_kill(self) -> None:
        """End the node's processes."""
        if self._client is not None:
            self._client.cancel()

    def _run(self, context: Any) -> NodeResult:
        settings = load_settings(Path(self.project))
        instance = context["ti"]
        request = NodeRequest(
            ir_path=self.ir_path,
            node_id=self.node,
            run_id=pipeline_run_id(context["dag_run"].run_id),
            parameters=self._parameters(context["params"]),
            metadata_url=metadata_url(settings, self.has_own_metadata),
            import_path=self.import_path,
            runner=self.runner,
            beam_args=list(settings.beam_args),
            owner=f"airflow:{instance.dag_id}/{instance.run_id}/{instance.task_id}",
            try_number=instance.try_number,
        )
        self._client = LauncherClient(settings)
        try:
            return run_node(settings, request, self._show, self._client)
        finally:
            self._client = None

    def _parameters(self, params: Any) -> dict[str, ParameterValue]:
        values: dict[str, ParameterValue] = {}
        for name, kind in self.parameter_types.items():
            value = params.get(name)
            if value is None and name in self.templates:
                parameter = RuntimeParameter(name, ParameterType(kind))
                value = coerced(parameter, self.templates[name], self._template(name))
            if value is not None:
                values[name] = value
        return values

    def _template(self, name: str) -> str:
        """The template as the DAG file has it; rendering has replaced it in this instance."""
        return f"{name} = {self.templates[name]}"

    def _show(self, frame: Frame) -> None:
        if isinstance(frame, LogFrame):
            level = logging.getLevelName(frame.level)
            logger = logging.getLogger(f"headrace.node.{frame.logger or 'log'}")
            logger.log(level if isinstance(level, int) else logging.INFO, "%s", frame.message)
        elif isinstance(frame, EventFrame) and frame.detail:
            self.log.info("%s", frame.detail)

    def _task_error(self, failure: HeadraceError, kind: str) -> AirflowException:
        if isinstance(failure, JobFailed) and failure.error.traceback:
            self.log.error("%s", failure.error.traceback.rstrip())
        final = isinstance(failure, UsageError) or kind in _FINAL_ERRORS
        return (AirflowFailException if final else AirflowException)(str(failure))


def pipeline_run_id(run_id: str) -> str:
    """Airflow's run id as TFX's: the same for every task and try of a run, in safe characters."""
    return _NOT_IN_A_RUN_ID.sub("_", run_id)


def _summary(result: NodeResult) -> str:
    took = (
        f"{result.wall_seconds:.1f} s, CPU {result.cpu_seconds:.1f} s, "
        f"peak memory {result.peak_memory_bytes / 1e6:.0f} MB"
    )
    lines = [f"{result.node_id} {result.state}, execution {result.execution_id}, {took}"]
    lines += [f"  {item.key}: {item.type} {item.id} {item.uri}" for item in result.outputs]
    return os.linesep.join(lines)
