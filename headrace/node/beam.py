"""The Beam arguments of a node, from the run's runner and the settings."""

from __future__ import annotations

from typing import Any

from tfx.proto.orchestration import executable_spec_pb2
from tfx.proto.orchestration import placeholder_pb2

from headrace.errors import HeadraceError

_RUNNER_FLAG = "--runner"


def apply_beam_arguments(executor_spec: Any, runner: str, arguments: list[str]) -> None:
    """Put the run's Beam arguments before the node's own, in place; other executors stay as they are.

    Later arguments win, so what a pipeline or node says overrides the settings.

    Raises:
        HeadraceError: the runner is not available yet.
    """
    if not isinstance(executor_spec, executable_spec_pb2.BeamExecutableSpec):
        return
    own = list(executor_spec.beam_pipeline_args_placeholders)
    first = list(arguments)
    if runner == "flink":
        raise HeadraceError(
            "runner 'flink' is not available in this version of headrace",
            "use runner 'direct', or give the pipeline Beam arguments of its own",
        )
    if not any(_names_runner(expression) for expression in own) and not any(
        argument.startswith(_RUNNER_FLAG) for argument in first
    ):
        # Since Beam 2.60 a pipeline without a runner may pick one by itself.
        first.insert(0, f"{_RUNNER_FLAG}=DirectRunner")
    del executor_spec.beam_pipeline_args_placeholders[:]
    executor_spec.beam_pipeline_args_placeholders.extend([_constant(item) for item in first] + own)


def _constant(argument: str) -> Any:
    expression = placeholder_pb2.PlaceholderExpression()
    expression.value.string_value = argument
    return expression


def _names_runner(expression: Any) -> bool:
    return bool(expression.value.string_value.startswith(_RUNNER_FLAG))
