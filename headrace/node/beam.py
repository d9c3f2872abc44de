"""The Beam arguments of a node, from the run's runner and the settings."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
from tfx.proto.orchestration import executable_spec_pb2, placeholder_pb2

from headrace.errors import HeadraceError
from headrace.node.batching import batch_by_bytes
from headrace.node.example_faults import explain, refuse_nothing
from headrace.node.input_size import input_bytes


@dataclass(frozen=True)
class BeamRunner:
    """A runner of headrace's as Beam arguments.

    Attributes:
        path: what Beam imports it by.
        instead_of: Beam's own runners that it takes the place of.
        first: arguments that any other overrides.
        wants_input_bytes: whether it chooses its parallelism from the size of the input.
    """

    path: str
    instead_of: tuple[str, ...]
    first: tuple[str, ...] = ()
    wants_input_bytes: bool = False


DIRECT = BeamRunner(
    "headrace.node.direct_runner.DirectRunner", ("DirectRunner", "SwitchingDirectRunner")
)
FLINK = BeamRunner("headrace.flink_runner.FlinkRunner", ("FlinkRunner",), wants_input_bytes=True)
# Without one of a few arguments TFX builds an sdist of itself for each Beam job, over a second.
# Nothing is shipped within one process, nor to harnesses that have TFX; neither of the two runners
# reads a container image.
_SHIP_NOTHING = "--sdk_container_image=none"
_RUNNER_FLAG = "--runner="
_SHIPPING_FLAGS = (
    "--extra_package",
    "--setup_file",
    "--requirements_file",
    "--sdk_container_image",
)


@dataclass(frozen=True)
class Given:
    """Beam arguments of a run: those before the pipeline's and node's own, and those after."""

    first: Sequence[str] = ()
    last: Sequence[str] = ()


class BeamOperator(BeamExecutorOperator):  # type: ignore[misc]
    """TFX's operator for Beam-powered executors, with the run's Beam arguments.

    The settings' arguments come first, the pipeline's and node's own after them, and the command
    line's last, so that the later win. A runner that the pipeline names itself is kept. The
    executor's specification stays as it was compiled, because it is part of TFX's cache key: a node
    is the same on every runner.
    """

    def __init__(
        self,
        executor_spec: Any,
        platform_config: Any = None,
        *,
        arguments: Given,
        runner: BeamRunner = DIRECT,
    ) -> None:
        super().__init__(executor_spec, platform_config)
        self._class_path = executor_spec.python_executor_spec.class_path
        own: list[Any] = list(self.beam_pipeline_args)  # type: ignore[has-type]
        compiled = [item.value.string_value for item in own]
        given = [*arguments.first, *compiled, *arguments.last]
        self._runner = _runner_for(runner_of(given), runner)
        first: tuple[str, ...] = ()
        last: list[str] = []
        if self._runner is not None:
            first = self._runner.first
            last = [_RUNNER_FLAG + self._runner.path]
            if not any(argument.startswith(_SHIPPING_FLAGS) for argument in given):
                last.append(_SHIP_NOTHING)
        self.beam_pipeline_args = [
            *map(_constant, first),
            *map(_constant, arguments.first),
            *own,
            *map(_constant, arguments.last),
            *map(_constant, last),
        ]

    def run_executor(self, execution_info: Any, make_beam_pipeline_fn: Any = None) -> Any:
        """Run the executor; a runner that wants it is told how much the node reads.

        Raises:
            BadInput: the node reads data into examples, and the data is at fault.
            Exception: whatever else the executor raises.
        """
        if self._runner is not None and self._runner.wants_input_bytes:
            size = input_bytes(execution_info.input_dict, execution_info.exec_properties)
            if size is not None:
                self.beam_pipeline_args.insert(0, _constant(f"--headrace_input_bytes={size}"))
        info = execution_info
        batch_by_bytes(self._class_path)
        try:
            output = super().run_executor(info, make_beam_pipeline_fn)
        except HeadraceError:
            raise
        except Exception as raised:
            explained = explain(self._class_path, info.exec_properties)
            if explained is None:
                raise
            raise explained from raised
        refuse_nothing(info.input_dict, info.output_dict, info.exec_properties)
        return output


def executor_operators(runner: str, arguments: Given, job_name: str, facts: Path) -> dict[Any, Any]:
    """What TFX's launcher is given to run Beam-powered executors with.

    Args:
        runner: ``direct`` or ``flink``.
        arguments: the settings' and the command line's Beam arguments.
        job_name: of the node's Beam jobs, where the runner names jobs.
        facts: directory for what is to be kept of these jobs.

    Raises:
        HeadraceError: there is no such runner.
    """
    if runner == "direct":
        chosen = DIRECT
    elif runner == "flink":
        chosen = replace(FLINK, first=(f"--job_name={job_name}", f"--headrace_facts={facts}"))
    else:
        raise HeadraceError(f"there is no runner {runner!r}", "runners: direct, flink")
    operator = functools.partial(BeamOperator, arguments=arguments, runner=chosen)
    return {executable_spec_pb2.BeamExecutableSpec: operator}


def arguments_of(executor_spec: Any) -> list[str]:
    """The Beam arguments of a pipeline and node; none where no Beam is in it."""
    constant = list(getattr(executor_spec, "beam_pipeline_args", ()))
    others = getattr(executor_spec, "beam_pipeline_args_placeholders", ())
    return [*constant, *(item.value.string_value for item in others)]


def runner_of(arguments: list[str]) -> str:
    """The runner that Beam would take from these arguments; empty if they name none."""
    chosen = ""
    for position, argument in enumerate(arguments):
        if argument.startswith(_RUNNER_FLAG):
            chosen = argument.removeprefix(_RUNNER_FLAG)
        elif argument == "--runner" and position + 1 < len(arguments):
            chosen = arguments[position + 1]
    return chosen


def _runner_for(named: str, of_the_run: BeamRunner) -> BeamRunner | None:
    """The runner of headrace's to use; None: the arguments name another, which is kept."""
    if not named or named in (*of_the_run.instead_of, of_the_run.path):
        return of_the_run
    return DIRECT if named in (*DIRECT.instead_of, DIRECT.path) else None


def _constant(argument: str) -> Any:
    expression = placeholder_pb2.PlaceholderExpression()
    expression.value.string_value = argument
    return expression
