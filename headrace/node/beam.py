"""The Beam arguments of a node, from the run's runner and the settings."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
from tfx.proto.orchestration import executable_spec_pb2, placeholder_pb2

from headrace.errors import HeadraceError

_DIRECT = (
    "--runner=headrace.node.direct_runner.DirectRunner",
    # Nothing is shipped within one process. Without one of a few arguments TFX builds an sdist of
    # itself for each Beam job, over a second; the direct runner reads no container image.
    "--sdk_container_image=none",
)
_DIRECT_NAMES = ("DirectRunner", "SwitchingDirectRunner")
_RUNNER_FLAG = "--runner="
_SHIPPING_FLAGS = (
    "--extra_package",
    "--setup_file",
    "--requirements_file",
    "--sdk_container_image",
)


class BeamOperator(BeamExecutorOperator):  # type: ignore[misc]
    """TFX's operator for Beam-powered executors, with the run's Beam arguments.

    The settings' arguments come first and the pipeline's and node's own after them, so that these
    win. A runner that the pipeline names itself is kept. The executor's specification stays as it
    was compiled, because it is part of TFX's cache key: a node is the same on every runner.
    """

    def __init__(
        self, executor_spec: Any, platform_config: Any = None, *, arguments: Sequence[str]
    ) -> None:
        super().__init__(executor_spec, platform_config)
        own: list[Any] = list(self.beam_pipeline_args)  # type: ignore[has-type]
        given = [*arguments, *(item.value.string_value for item in own)]
        last = list(_DIRECT) if _runner_of(given) in ("", *_DIRECT_NAMES) else []
        if any(argument.startswith(_SHIPPING_FLAGS) for argument in given):
            last = last[:1]
        self.beam_pipeline_args = [*map(_constant, arguments), *own, *map(_constant, last)]


def executor_operators(runner: str, arguments: Sequence[str]) -> dict[Any, Any]:
    """What TFX's launcher is given to run Beam-powered executors with.

    Raises:
        HeadraceError: the runner is not available yet.
    """
    if runner == "flink":
        raise HeadraceError(
            "runner 'flink' is not available in this version of headrace",
            "use runner 'direct', or give the pipeline Beam arguments of its own",
        )
    operator = functools.partial(BeamOperator, arguments=arguments)
    return {executable_spec_pb2.BeamExecutableSpec: operator}


def _runner_of(arguments: list[str]) -> str:
    """The runner that Beam would take from these arguments; empty if they name none."""
    chosen = ""
    for position, argument in enumerate(arguments):
        if argument.startswith(_RUNNER_FLAG):
            chosen = argument.removeprefix(_RUNNER_FLAG)
        elif argument == "--runner" and position + 1 < len(arguments):
            chosen = arguments[position + 1]
    return chosen


def _constant(argument: str) -> Any:
    expression = placeholder_pb2.PlaceholderExpression()
    expression.value.string_value = argument
    return expression
