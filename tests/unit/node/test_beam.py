from collections.abc import Sequence
from pathlib import Path

import pytest
from tfx.proto.orchestration import executable_spec_pb2, placeholder_pb2

from headrace.errors import HeadraceError
from headrace.node.beam import Given, executor_operators

OURS = "--runner=headrace.node.direct_runner.DirectRunner"
UNSHIPPED = "--sdk_container_image=none"


def arguments(
    own: list[str], settings: list[str], runner: str = "direct", last: Sequence[str] = ()
) -> list[str]:
    spec = executable_spec_pb2.BeamExecutableSpec()
    spec.python_executor_spec.class_path = "tfx.components.statistics_gen.executor.Executor"
    for text in own:
        expression = placeholder_pb2.PlaceholderExpression()
        expression.value.string_value = text
        spec.beam_pipeline_args_placeholders.append(expression)
    operators = executor_operators(runner, Given(settings, last), "p/n/r", Path("/facts"))
    operator = operators[executable_spec_pb2.BeamExecutableSpec](spec)
    return [item.value.string_value for item in operator.beam_pipeline_args]


@pytest.mark.parametrize("own", [[], ["--runner=DirectRunner"], ["--runner", "DirectRunner"]])
def test_beams_direct_runner_becomes_ours(own: list[str]) -> None:
    assert arguments(own, []) == [*own, OURS, UNSHIPPED]


@pytest.mark.parametrize("own", [["--runner=FlinkRunner"], ["--runner", "DataflowRunner"]])
def test_a_runner_of_the_pipelines_own_is_kept(own: list[str]) -> None:
    assert arguments(own, ["--runner=DirectRunner"]) == ["--runner=DirectRunner", *own]


def test_the_settings_come_first_so_that_the_nodes_own_win() -> None:
    found = arguments(["--direct_num_workers=2"], ["--direct_num_workers=1", "--x"])
    assert found[:3] == ["--direct_num_workers=1", "--x", "--direct_num_workers=2"]


def test_the_command_lines_come_last_and_may_name_another_runner() -> None:
    found = arguments(["--a=node"], ["--a=settings"], last=["--a=typed"])
    assert found[:3] == ["--a=settings", "--a=node", "--a=typed"]
    assert arguments(["--runner=FlinkRunner"], [], "flink", ["--runner=DirectRunner"])[-2] == OURS


@pytest.mark.parametrize("flag", ["--setup_file=./setup.py", "--extra_packages=a.whl"])
def test_what_the_pipeline_ships_itself_is_left_to_it(flag: str) -> None:
    assert arguments([flag], []) == [flag, OURS]


ON_FLINK = "--runner=headrace.flink_runner.FlinkRunner"


@pytest.mark.parametrize("own", [[], ["--runner=FlinkRunner"]])
def test_on_flink_beams_flink_runner_becomes_ours_and_any_argument_overrides(
    own: list[str],
) -> None:
    found = arguments([*own, "--job_name=mine"], ["--parallelism=2"], "flink")
    assert found == [
        "--job_name=p/n/r",
        "--headrace_facts=/facts",
        "--parallelism=2",
        *own,
        "--job_name=mine",
        ON_FLINK,
        UNSHIPPED,
    ]


def test_a_node_that_names_the_direct_runner_keeps_it_in_a_run_on_flink() -> None:
    assert arguments(["--runner=DirectRunner"], [], "flink") == [
        "--runner=DirectRunner",
        OURS,
        UNSHIPPED,
    ]


def test_a_runner_that_is_not_there_is_named() -> None:
    with pytest.raises(HeadraceError, match="no runner 'spark'"):
        executor_operators("spark", Given(), "p/n/r", Path("/facts"))
