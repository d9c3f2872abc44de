from collections.abc import Mapping
from pathlib import Path

import pytest

from headrace.bootstrap.java import Java
from headrace.errors import HeadraceError, UsageError
from headrace.flink.distribution import Distribution
from headrace.flink.jvm import Program, Role, command, read_memory

PRINTED = """\
INFO  [] - Final TaskExecutor Memory configuration:
BASH_JAVA_UTILS_EXEC_RESULT:-Xmx1 -Xms1 -XX:MaxDirectMemorySize=2
BASH_JAVA_UTILS_EXEC_RESULT:-D taskmanager.cpu.cores=2.0 -D a=b
"""
REFUSED = """\
Exception in thread "main" org.apache.flink.configuration.IllegalConfigurationException: TaskManager memory configuration failed: Sum of configured Framework Heap Memory exceed
\tat org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils.x(TaskExecutorProcessUtils.java:163)
Caused by: org.apache.flink.configuration.IllegalConfigurationException: Sum of all exceeds 100m.
\t... 5 more
"""  # noqa: E501


def program(options: Mapping[str, str]) -> Program:
    here = Path("here")
    distribution = Distribution(here, "1.19.3")
    return Program(Java(here / "java", 17), distribution, (here,), here, here, here, options)


def test_flinks_own_sizes_become_two_lists_of_arguments() -> None:
    jvm, flink = read_memory(PRINTED.splitlines(), Role.TASK_MANAGER)
    assert jvm == ["-Xmx1", "-Xms1", "-XX:MaxDirectMemorySize=2"]
    assert flink == ["-D", "taskmanager.cpu.cores=2.0", "-D", "a=b"]


def test_a_configuration_that_cannot_be_is_the_users_mistake_without_a_trace() -> None:
    with pytest.raises(UsageError, match=r"of the taskmanager cannot be: Sum of all") as caught:
        read_memory(REFUSED.splitlines(), Role.TASK_MANAGER)
    assert "\tat" not in str(caught.value)


@pytest.mark.parametrize(
    ("role", "given", "collectors"),
    [
        (Role.JOB_MANAGER, "", ["-XX:+UseSerialGC"]),
        (Role.TASK_MANAGER, "-Da=b", ["-XX:+UseG1GC"]),
        (Role.TASK_MANAGER, "-XX:+UseParallelGC", ["-XX:+UseParallelGC"]),
    ],
)
def test_java_is_given_one_garbage_collector_and_the_users_own_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, role: Role, given: str, collectors: list[str]
) -> None:
    # Flink's tool, which needs a distribution, computes memory alone.
    monkeypatch.setattr("headrace.flink.jvm._memory", lambda program, role: ([], []))
    options = {f"env.java.opts.{role.title}": given}
    found = command(program(options), role, "name")
    assert [option for option in found if option.endswith("GC")] == collectors


def test_the_users_options_of_java_come_after_ours_and_so_win(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headrace.flink.jvm._memory", lambda program, role: ([], []))
    options = {"env.java.opts.taskmanager": "-XX:TieredStopAtLevel=4"}
    found = command(program(options), Role.TASK_MANAGER, "name")
    compilers = [option for option in found if "TieredStopAtLevel" in option]
    assert compilers == ["-XX:TieredStopAtLevel=1", "-XX:TieredStopAtLevel=4"]


def test_anything_else_is_shown_as_it_is() -> None:
    with pytest.raises(HeadraceError, match="Unrecognized VM option"):
        read_memory(["Unrecognized VM option 'x'"], Role.JOB_MANAGER)
