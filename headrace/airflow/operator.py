"""The operator: one task runs one node of a TFX pipeline, through the launcher of its host."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from headrace.airflow.announcing import announce
from headrace.airflow.frames import log_frame
from headrace.airflow.holding import hold_of, host
from headrace.airflow.links import FlinkJobLink
from headrace.airflow.metadata import metadata_url
from headrace.airflow.params import checked, coerced
from headrace.airflow.tries import has_another_try, tries_before_clear
from headrace.errors import HeadraceError, UsageError
from headrace.graph.entities import ParameterType, RuntimeParameter
from headrace.launcher.jobs import NodeRequest, NodeResult, ParameterValue
from headrace.launcher.protocol import FLINK_JOB, EventFrame, Frame, Hold
from headrace.settings import Settings, load_settings

if TYPE_CHECKING:
    from headrace.launcher.client import JobFailed, LauncherClient

_NOT_IN_A_RUN_ID = re.compile(r"[^A-Za-z0-9_.:+-]")
_LONGEST_RUN_ID = 150
_FINAL_ERRORS = ("UsageError",)
SKIPPED_BECAUSE = "skipped_because"
"""Key of the XCom that says why a task was skipped."""


class NodeOperator(BaseOperator):  # type: ignore[misc]
    """Runs one node; its XCom is the node's result.

    Where the task's process dies and Airflow tries again, that try goes on with the node, which has
    not ended meanwhile. Whatever else ends the task (a person, a time-out) ends its node.

    Args:
        node: id of the node in the IR.
        component: what the UI shows as the operator's name.
        ir_path: the compiled pipeline.
        import_path: directories that the node's process puts on ``sys.path``.
        project: directory whose settings apply.
        runner: Beam runner, ``direct`` or ``flink``.
        keras: major version of Keras, ``2`` or ``3``.
        has_own_metadata: the pipeline names a metadata store, used where the settings give none.
        run_prefix: put before Airflow's run id, where the DAG is not named as its pipeline: two
            DAGs of one pipeline have runs of the same id.
        parameter_types: runtime parameters that this node uses, with their types.
        templates: Jinja templates of those that a run fills in.
        authored: what the DAG file itself says of them: places that a run may lead to.
        runs_beam: the node is Beam-powered, so it has jobs on a cluster if the runner has one.
        deferrable: the task holds no worker slot while its node runs for longer than a moment.
        partition: template of the run's span, which the events of the task's assets have as their
            partition; empty where a run has none.

    Attributes:
        parameters: the node's parameters in this run, once rendered; in the UI, they are what the
            tab of rendered templates shows.
    """

    template_fields: Sequence[str] = ("parameters",)
    ui_color = "#e7f0fb"

    def __init__(
        self,
        *,
        node: str,
        component: str,
        ir_path: str,
        import_path: list[str],
        project: str,
        runner: str,
        keras: str = "3",
        has_own_metadata: bool = False,
        run_prefix: str = "",
        parameter_types: dict[str, str] | None = None,
        templates: dict[str, str] | None = None,
        authored: dict[str, str] | None = None,
        runs_beam: bool = False,
        deferrable: bool = False,
        partition: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.node = node
        self.custom_operator_name = component
        self.ir_path = ir_path
        self.import_path = import_path
        self.project = project
        self.runner = runner
        self.keras = keras
        self.has_own_metadata = has_own_metadata
        self.run_prefix = run_prefix
        self.parameter_types = parameter_types or {}
        self.templates = templates or {}
        self.authored = authored or {}
        self.deferrable = deferrable
        self.is_spanned, self.partition = bool(partition), partition
        self.operator_extra_links = (FlinkJobLink(),) if runs_beam and runner == "flink" else ()
        self.parameters: dict[str, Any] = dict(self.templates)
        self._client: LauncherClient | None = None

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Give each parameter the run's value, or else what its template comes out as.

        A template is not looked at where the run has a value: in a run without a logical date,
        say, nothing else than a value typed into the form makes it work.

        Raises:
            AirflowFailException: a template cannot be filled in, or gives a value of another type.
        """
        jinja_env = jinja_env or self.get_template_env()
        given = context["params"]
        try:
            self.parameters = {
                name: value
                for name, kind in self.parameter_types.items()
                if (value := self._value(name, kind, given, context, jinja_env)) is not None
            }
            if self.partition:
                self.partition = self._filled_in(self.partition, "the span", context, jinja_env)
        except UsageError as error:
            raise AirflowFailException(f"node {self.node}: {error}") from None

    def execute(self, context: Any) -> dict[str, Any]:
        """Run the node and return its result.

        Raises:
            AirflowSkipException: the node has nothing to do in this run.
            AirflowFailException: it failed for a reason that another try cannot mend.
            AirflowException: it failed.
        """
        return self._execute(context, seen=0, defers=self.deferrable)

    def resume(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """Go on after a deferral, and return the node's result; raises as ``execute`` does."""
        if event["host"] != host():
            raise AirflowException(
                f"node {self.node} was started on host {event['host']} and the task goes on on "
                f"{host()}, which cannot reach it: deferrable tasks need workers and triggerer on "
                "one host, or a queue for each host"
            )
        if event["end"] == "elsewhere":
            self.log.warning("The triggerer runs on another host, so the task waits for its node")
        return self._execute(context, seen=int(event["seen"]), defers=False)

    def resume_execution(self, next_method: str, next_kwargs: Any, context: Any) -> Any:
        """As Airflow's, but a deferral that has timed out or failed ends the node."""
        from airflow.sdk.exceptions import TaskDeferralError

        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralError:
            self._end_node(context)
            raise

    def on_kill(self) -> None:
        """End the node's processes."""
        if self._client is not None:
            self._client.cancel()

    def _execute(self, context: Any, *, seen: int, defers: bool) -> dict[str, Any]:
        # Not above: parsing a DAG file needs no launcher.
        from headrace.launcher.client import JobFailed, LetGo

        settings = load_settings(Path(self.project))
        request = self._request(settings, context)
        hold = hold_of(settings, request, followed=defers or has_another_try(context["ti"]))
        hold = hold and replace(hold, seen=seen)
        try:
            result = self._run(settings, request, hold, context, defers=defers and hold is not None)
        except LetGo as left:
            assert hold is not None
            self._defer(settings, replace(hold, seen=left.seen))
        except JobFailed as failure:
            raise self._failed(failure) from None
        except UsageError as error:
            raise AirflowFailException(str(error)) from None
        except HeadraceError as error:
            raise AirflowException(str(error)) from None
        if result.state == "SKIPPED":
            # Airflow shows an XCom of a skipped task, too.
            context["ti"].xcom_push(SKIPPED_BECAUSE, result.reason)
            raise AirflowSkipException(
                f"node {self.node} has nothing to do in this run: {result.reason}"
            )
        self.log.info("%s", _summary(result))
        self.outlets: list[Any] = announce(
            result,
            self.outlets,
            context,
            is_spanned=self.is_spanned,
            partition=self.partition,
        )
        return asdict(result)

    def _run(
        self,
        settings: Settings,
        request: NodeRequest,
        hold: Hold | None,
        context: Any,
        *,
        defers: bool,
    ) -> NodeResult:
        from headrace.launcher.client import LauncherClient, run_node

        client = self._client = LauncherClient(settings)
        timer = threading.Timer(settings.defer_after_seconds, client.let_go)

        def show(frame: Frame) -> None:
            log_frame(frame, self.log)
            if isinstance(frame, EventFrame) and frame.event == FLINK_JOB:
                context["ti"].xcom_push(FlinkJobLink.xcom_key, frame.detail)
                if defers:
                    client.let_go()

        try:
            if defers:
                timer.start()
            return run_node(settings, request, show, client, hold)
        finally:
            timer.cancel()
            self._client = None

    def _request(self, settings: Settings, context: Any) -> NodeRequest:
        instance = context["ti"]
        return NodeRequest(
            ir_path=self.ir_path,
            node_id=self.node,
            run_id=pipeline_run_id(context["dag_run"].run_id, self.run_prefix),
            parameters=self.parameters,
            authored=self.authored,
            metadata_url=metadata_url(settings, self.has_own_metadata),
            import_path=self.import_path,
            runner=self.runner,
            beam_args=list(settings.beam_args),
            beam_overrides=list(settings.beam_overrides),
            owner=f"airflow:{instance.dag_id}/{instance.run_id}/{instance.task_id}",
            try_number=instance.try_number,
            cleared_after=tries_before_clear(instance, self.retries or 0),
            keras=self.keras,
        )

    def _defer(self, settings: Settings, hold: Hold) -> NoReturn:
        from airflow.sdk.exceptions import TaskDeferred

        from headrace.airflow.trigger import NodeTrigger
        from headrace.launcher.paths import launcher_paths
        from headrace.settings import Keras

        paths = launcher_paths(replace(settings, keras=Keras(self.keras)))
        timeout: timedelta | None = self.execution_timeout
        self.log.info("The node runs on without this task's process, which gives its slot back")
        raise TaskDeferred(
            trigger=NodeTrigger(socket=str(paths.socket), hold=asdict(hold), host=host()),
            method_name="resume",
            timeout=timeout,
        )

    def _end_node(self, context: Any) -> None:
        """End a node that runs without this task's process."""
        import asyncio

        from headrace.launcher.paths import launcher_paths
        from headrace.launcher.watching import cancel
        from headrace.settings import Keras

        settings = load_settings(Path(self.project))
        hold = hold_of(settings, self._request(settings, context), followed=True)
        if hold is not None:
            paths = launcher_paths(replace(settings, keras=Keras(self.keras)))
            asyncio.run(cancel(paths.socket, hold))

    def _value(
        self, name: str, kind: str, given: Any, context: Any, jinja_env: Any
    ) -> ParameterValue | None:
        """The run's value; None where the pipeline's own default applies."""
        parameter = RuntimeParameter(name, ParameterType(kind))
        value = given.get(name)
        if value is not None:
            return checked(parameter, value)
        if name not in self.templates:
            return None
        template = self.templates[name]
        text = self._filled_in(template, f"parameter {name!r}", context, jinja_env)
        return coerced(parameter, text, template)

    def _filled_in(self, template: str, what: str, context: Any, jinja_env: Any) -> str:
        try:
            return str(self.render_template(template, context, jinja_env))
        except Exception as error:
            # A template runs code of its author's, so anything may come out of it.
            raise UsageError(
                f"the template {template!r} of {what} cannot be filled in for this run: {error}",
                f"give {what} a value when you trigger the run, or change the template",
            ) from None

    def _failed(self, failure: JobFailed) -> AirflowException:
        if failure.error.traceback:
            # Folded up in the UI: the message below it says which line of the user's it was.
            self.log.info("::group::Traceback in the node's process")
            self.log.error("%s", failure.error.traceback.rstrip())
            self.log.info("::endgroup::")
        if failure.error.error_type in _FINAL_ERRORS:
            return AirflowFailException(str(failure))
        return AirflowException(str(failure))


def pipeline_run_id(run_id: str, prefix: str = "") -> str:
    """Airflow's run id as TFX's: the same for every task and try of a run.

    It becomes part of names in the metadata store and of paths. One that is too long for that, or
    has other characters, is changed, and kept apart from others by a digest.
    """
    whole = f"{prefix}.{run_id}" if prefix else run_id
    safe = _NOT_IN_A_RUN_ID.sub("_", whole)[:_LONGEST_RUN_ID]
    if safe == whole:
        return whole
    return f"{safe}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def _summary(result: NodeResult) -> str:
    took = (
        f"{result.wall_seconds:.1f} s, CPU {result.cpu_seconds:.1f} s, "
        f"peak memory {result.peak_memory_bytes / 1e6:.0f} MB"
    )
    did = f"{result.node_id} {result.state}, execution {result.execution_id}"
    lines = [f"{did}, {took}, Keras {result.keras}"]
    lines += [f"  {item.key}: {item.type} {item.id} {item.uri}" for item in result.outputs]
    return "\n".join(lines)
