"""Flink's configuration: one profile for TFX's pipelines, with the user's options over it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.flink.sizes import Sizes
from headrace.services.ports import HOST

CONFIG_FILE = "config.yaml"
LOGGING_FILE = "log4j.properties"

_MIB = 1 << 20
_PROCESS_SIZE = "taskmanager.memory.process.size"
_JOB_MANAGER_SIZE = "jobmanager.memory.process.size"
# Where one of the keys is set, ours for the same memory would contradict it.
_EXCLUDED_BY = {
    _PROCESS_SIZE: ("taskmanager.memory.flink.size", "taskmanager.memory.task.heap.size"),
    _JOB_MANAGER_SIZE: ("jobmanager.memory.flink.size", "jobmanager.memory.heap.size"),
    "taskmanager.memory.network.min": ("taskmanager.memory.network.fraction",),
    "taskmanager.memory.network.max": ("taskmanager.memory.network.fraction",),
}


@dataclass(frozen=True)
class Places:
    """Where one start of the cluster listens and keeps its files.

    Attributes:
        start: a directory of this start's own, removed when the cluster stops.
        checkpoints: kept.
        savepoints: kept.
    """

    rest_port: int
    rpc_port: int
    start: Path
    checkpoints: Path
    savepoints: Path

    @property
    def configuration(self) -> Path:
        return self.start / "conf"

    @property
    def jobs(self) -> Path:
        """A folder for each job that runs, on the class path of the cluster."""
        return self.start / "jobs"

    @property
    def temporary(self) -> Path:
        """Shuffled data that does not fit in memory, sent jars, the JVMs' own files."""
        return self.start / "tmp"


def profile(sizes: Sizes, places: Places) -> dict[str, str]:
    """The options that headrace sets, each because Flink's default does not do for TFX here."""
    return {
        **_addresses(places),
        **_files(places),
        **_memory(sizes),
        **_scheduling(sizes),
        **_faults(),
    }


def merged(options: Mapping[str, str], given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The options with those that were given over them, the later the stronger."""
    asked = dict(given)
    kept = {
        key: value
        for key, value in options.items()
        if not any(other in asked for other in _EXCLUDED_BY.get(key, ()))
    }
    return {**kept, **asked}


def render(options: Mapping[str, str]) -> str:
    """The options as Flink's ``config.yaml``; a text of JSON is one of YAML, too."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in sorted(options.items()))


def _addresses(places: Places) -> dict[str, str]:
    return {
        "jobmanager.rpc.address": HOST,
        "jobmanager.rpc.port": str(places.rpc_port),
        "jobmanager.bind-host": HOST,
        "taskmanager.host": HOST,
        "taskmanager.bind-host": HOST,
        # A look-up of the machine's own name takes seconds where no name server answers.
        "jobmanager.retrieve-taskmanager-hostname": "false",
        "rest.address": HOST,
        "rest.bind-address": HOST,
        "rest.port": str(places.rest_port),
        "rest.bind-port": str(places.rest_port),
    }


def _files(places: Places) -> dict[str, str]:
    temporary = str(places.temporary)
    return {
        "io.tmp.dirs": temporary,
        "blob.storage.directory": temporary,
        "process.working-dir": temporary,
        "web.tmpdir": temporary,
        "web.upload.dir": f"{temporary}/upload",
        "execution.checkpointing.dir": places.checkpoints.as_uri(),
        "state.checkpoints.dir": places.checkpoints.as_uri(),
        "state.savepoints.dir": places.savepoints.as_uri(),
    }


def _memory(sizes: Sizes) -> dict[str, str]:
    network = f"{sizes.network // _MIB}m"
    return {
        _JOB_MANAGER_SIZE: f"{sizes.job_manager // _MIB}m",
        _PROCESS_SIZE: f"{sizes.task_manager // _MIB}m",
        "taskmanager.memory.task.off-heap.size": f"{sizes.off_heap // _MIB}m",
        # Flink's own sorting, which spills to disk; the default of 0.4 leaves little for the rest.
        "taskmanager.memory.managed.fraction": "0.2",
        "taskmanager.memory.network.min": network,
        "taskmanager.memory.network.max": network,
        # Beam's batch translation opens many blocking shuffles at once; with 512 buffers each, the
        # default, Transform fails for lack of them.
        "taskmanager.network.sort-shuffle.min-buffers": "32",
        # Beam's classes are loaded once for all jobs, and a harness has no need of more of them.
        "taskmanager.memory.jvm-metaspace.size": "256m",
        "jobmanager.memory.jvm-metaspace.size": "256m",
    }


def _scheduling(sizes: Sizes) -> dict[str, str]:
    return {
        "taskmanager.numberOfTaskSlots": str(sizes.slots),
        # Headrace's runner asks for what the size of the input deserves; this is for other jobs.
        "parallelism.default": "1",
        "cluster.evenly-spread-out-slots": "true",
        # A job waits so long (ms) for slots that others have: a node may take an hour.
        "slot.request.timeout": "3600000",
        # While this lasts (ms: 200 days, near the most that Flink takes) a job waits for a lost
        # TaskManager to come back; afterwards it would fail for lack of slots.
        "resourcemanager.standalone.start-up-time": "17280000000",
        # The runner's classes come from the class path, never from an uploaded jar: only then does
        # Beam keep a harness between the stages of a job.
        "classloader.resolve-order": "parent-first",
        "classloader.check-leaked-classloader": "false",
        # Ended jobs can be asked about for a day (s), by a retried node for one.
        "jobstore.expiration-time": "86400",
        # Records and vertices (ms), for the progress that a node's log shows.
        "metrics.fetcher.update-interval": "2000",
        "web.refresh-interval": "1000",
    }


def _faults() -> dict[str, str]:
    return {
        "jobmanager.execution.failover-strategy": "region",
        # A lost TaskManager costs two attempts or three: what it held of finished stages is found
        # missing only later. Failures of many tasks at once are one. Six attempts are 45 s: Beam
        # gives a harness that has died to restarted tasks for 30 s. What cannot be mended, such as
        # an exception of the user's code, headrace's runner does not try so often.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "15 s",
        "restart-strategy.exponential-delay.backoff-multiplier": "2.0",
        "restart-strategy.exponential-delay.reset-backoff-threshold": "10 min",
        "restart-strategy.exponential-delay.attempts-before-reset-backoff": "6",
        # A killed TaskManager is noticed within seconds, by connections that fail; a busy one, on a
        # machine that trains models too, is given time.
        "heartbeat.interval": "3000",
        "heartbeat.timeout": "90000",
        "heartbeat.rpc-failure-threshold": "2",
        "pekko.ask.timeout": "60 s",
        # After a JobManager's restart its TaskManagers are back within seconds (ms).
        "cluster.registration.error-delay": "1000",
        "cluster.registration.max-timeout": "5000",
        "cluster.registration.refused-registration-delay": "3000",
        # Of streaming jobs.
        "execution.checkpointing.interval": "10 s",
        "execution.checkpointing.min-pause": "1 s",
        "execution.checkpointing.tolerable-failed-checkpoints": "3",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "state.backend.type": "hashmap",
    }


LOGGING = """\
# Log of a JobManager or TaskManager; the file is named on its command line.
monitorInterval = 30
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = Rolling
appender.rolling.name = Rolling
appender.rolling.type = RollingFile
appender.rolling.append = true
appender.rolling.fileName = ${sys:log.file}
appender.rolling.filePattern = ${sys:log.file}.%i
appender.rolling.layout.type = PatternLayout
appender.rolling.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x - %m%n
appender.rolling.policies.type = Policies
appender.rolling.policies.size.type = SizeBasedTriggeringPolicy
appender.rolling.policies.size.size = 20MB
appender.rolling.strategy.type = DefaultRolloverStrategy
appender.rolling.strategy.max = 3
logger.netty.name = org.apache.flink.shaded.netty4.io.netty
logger.netty.level = ERROR
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
logger.zookeeper.name = org.apache.zookeeper
logger.zookeeper.level = WARN
"""
"""log4j's configuration: a rotating file for each process."""

CONSOLE_LOGGING = (
    LOGGING
    + """\
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x - %m%n
"""
)
"""The same, and on standard output, where a container's log comes from."""
