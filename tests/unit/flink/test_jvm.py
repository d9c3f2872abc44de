import pytest

from headrace.errors import HeadraceError, UsageError
from headrace.flink.jvm import Role, read_memory

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


def test_flinks_own_sizes_become_two_lists_of_arguments() -> None:
    jvm, flink = read_memory(PRINTED.splitlines(), Role.TASK_MANAGER)
    assert jvm == ["-Xmx1", "-Xms1", "-XX:MaxDirectMemorySize=2"]
    assert flink == ["-D", "taskmanager.cpu.cores=2.0", "-D", "a=b"]


def test_a_configuration_that_cannot_be_is_the_users_mistake_without_a_trace() -> None:
    with pytest.raises(UsageError, match=r"of the taskmanager cannot be: Sum of all") as caught:
        read_memory(REFUSED.splitlines(), Role.TASK_MANAGER)
    assert "\tat" not in str(caught.value)


def test_anything_else_is_shown_as_it_is() -> None:
    with pytest.raises(HeadraceError, match="Unrecognized VM option"):
        read_memory(["Unrecognized VM option 'x'"], Role.JOB_MANAGER)
