"""The Java command lines of JobManager and TaskManager."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from headrace.bootstrap.java import Java
from headrace.errors import HeadraceError, UsageError
from headrace.flink.config import LOGGING_FILE
from headrace.flink.distribution import Distribution

_TOOL = "org.apache.flink.runtime.util.bash.BashJavaUtils"
_RESULT = "BASH_JAVA_UTILS_EXEC_RESULT:"
_TOOL_SECONDS = 60

# What Flink reaches of Java's own classes, which Java 17 closes otherwise.
_EXPORTS = (
    "java.base/sun.net.util",
    "java.rmi/sun.rmi.registry",
    "java.security.jgss/sun.security.krb5",
)
_OPENS = (
    "java.base/java.lang",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/sun.nio.ch",
    "java.base/java.text",
    "java.base/java.time",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.util.concurrent.locks",
)


class Role(Enum):
    """A kind of Flink process: its main class, and what Flink's memory tool calls it."""

    JOB_MANAGER = (
        "jobmanager",
        "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
        "GET_JM_RESOURCE_PARAMS",
    )
    TASK_MANAGER = (
        "taskmanager",
        "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
        "GET_TM_RESOURCE_PARAMS",
    )

    @property
    def title(self) -> str:
        return self.value[0]

    @property
    def main_class(self) -> str:
        return self.value[1]

    @property
    def memory_command(self) -> str:
        return self.value[2]


@dataclass(frozen=True)
class Program:
    """What every Flink process of one start has in common.

    Attributes:
        class_path: the cluster's own jars, the runner jar and the directory of the jobs.
        options: the merged configuration, of which ``env.java.opts...`` are used here.
    """

    java: Java
    distribution: Distribution
    class_path: tuple[Path, ...]
    configuration: Path
    temporary: Path
    logs: Path
    options: Mapping[str, str]


def command(program: Program, role: Role, name: str) -> list[str]:
    """The command line of a process; Flink's own tool computes its memory from the configuration.

    Args:
        name: of the process, and of its log.

    Raises:
        UsageError: the configured sizes contradict each other or do not suffice.
        HeadraceError: the tool does not run.
    """
    jvm, dynamic = _memory(program, role)
    options = program.options
    given = [
        part
        for key in ("env.java.opts.all", "env.java.opts", f"env.java.opts.{role.title}")
        for part in shlex.split(options.get(key, ""))
    ]
    return [
        str(program.java.program),
        *jvm,
        *_collector(role, given),
        # Beam's jobs keep Java's best compiler busy and end before it pays: with it, the first job
        # of a cluster cost JobManager and TaskManager 36 s of processor time, without it 16 s, and
        # later ones, of a million rows, 15 s and 9 s.
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",
        f"-XX:ErrorFile={program.logs}/{name}-crash-%p.log",
        f"-Djava.io.tmpdir={program.temporary}",
        f"-Dlog.file={program.logs}/{name}.log",
        f"-Dlog4j.configurationFile={program.configuration / LOGGING_FILE}",
        *(f"--add-exports={name}=ALL-UNNAMED" for name in _EXPORTS),
        *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPENS),
        *given,
        "-classpath",
        os.pathsep.join(map(str, program.class_path)),
        role.main_class,
        "--configDir",
        str(program.configuration),
        *dynamic,
    ]


def _collector(role: Role, given: Sequence[str]) -> list[str]:
    """Java's option for its garbage collector, unless one is given: it takes but one."""
    if any(re.fullmatch(r"-XX:\+Use\w+GC", option) for option in given):
        return []
    # The JobManager's heap is small, and other processes need the processors more.
    return ["-XX:+UseSerialGC" if role is Role.JOB_MANAGER else "-XX:+UseG1GC"]


def environ(configuration: Path, distribution: Distribution) -> dict[str, str]:
    """The variables of a Flink process over those that it inherits."""
    return {
        "FLINK_CONF_DIR": str(configuration),
        "FLINK_LIB_DIR": str(distribution.home / "lib"),
        "FLINK_OPT_DIR": str(distribution.home / "opt"),
        "FLINK_PLUGINS_DIR": str(distribution.home / "plugins"),
        # Many threads allocate; as many heaps of the C library would each keep what is freed.
        "MALLOC_ARENA_MAX": "2",
    }


def _memory(program: Program, role: Role) -> tuple[list[str], list[str]]:
    class_path = [program.distribution.memory_tool, *program.distribution.class_path]
    try:
        result = subprocess.run(
            [str(program.java.program), "-Xshare:auto", "-XX:TieredStopAtLevel=1",
             "-classpath", os.pathsep.join(map(str, class_path)), _TOOL,
             role.memory_command, "--configDir", str(program.configuration)],
            env={**os.environ, **environ(program.configuration, program.distribution)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_TOOL_SECONDS,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HeadraceError(f"Java cannot be run: {error}", "run bin/headrace doctor") from None
    return read_memory(result.stdout.splitlines(), role)


def read_memory(lines: Sequence[str], role: Role) -> tuple[list[str], list[str]]:
    """Read the JVM's options and Flink's from what the memory tool printed.

    Raises:
        UsageError: it printed why the configuration cannot be.
        HeadraceError: it printed something else.
    """
    results = [line.removeprefix(_RESULT) for line in lines if line.startswith(_RESULT)]
    if len(results) == 2:
        return shlex.split(results[0]), shlex.split(results[1])
    pattern = r"(?:Caused by: |Exception in thread \S+ )?[\w.]+(?:Exception|Error): (.+)"
    reasons = [match[1] for line in lines if (match := re.match(pattern, line.strip()))]
    if reasons:
        raise UsageError(
            f"Flink's configuration of the {role.title} cannot be: {reasons[-1]}",
            "mend flink_memory, or the sizes below [flink.options]",
        )
    raise HeadraceError("Flink's memory tool failed", "\n".join(lines[-10:]))
