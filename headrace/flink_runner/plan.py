"""What is decided about a job before it is submitted: where it goes, its size, its name."""

from __future__ import annotations

import os
import secrets
import site
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PipelineOptions,
)

from headrace.errors import HeadraceError, UsageError
from headrace.flink.job_api import Restore
from headrace.flink.paths import flink_paths
from headrace.flink.rest import may_pass
from headrace.flink.state import ClusterState, NoCluster, current_cluster, existing_cluster
from headrace.flink_runner import one_stage
from headrace.flink_runner.options import (
    HeadraceOptions,
    chosen_parallelism,
    flink_options,
    python_failures,
    restore_of,
)
from headrace.flink_runner.sizing import Shape, shape_of, with_harnesses
from headrace.retries import patiently
from headrace.settings import Settings
from headrace.settings.flink import master_url

_NOT_A_CLUSTER = ("[auto]", "[local]", "[collection]", "")


@dataclass(frozen=True)
class Plan:
    """One job to be.

    Attributes:
        job_id: of Flink's, chosen here.
        token: names the job to the worker pool and in the jobs directory.
        home: state directory, where it is written down who waits for the job.
        flink_options: of Flink's own configuration, for this job.
        python_failures: after how many failures of Python code the job is given up; 0: never.
        facts: directory that facts of the ended job are written to, or None.
        jar: the runner jar to upload; None where the cluster has it.
        restore: the state of an earlier job to go on with.
        one_stage: whether it is to run whole in one harness, if it can.
        is_unbounded: whether it reads a source without an end.
    """

    job_id: str
    token: str
    name: str
    cluster: ClusterState
    shape: Shape
    home: Path
    slot_wait_seconds: float
    python_failures: int
    flink_options: Mapping[str, str]
    facts: Path | None
    jar: Path | None
    restore: Restore | None = None
    one_stage: bool = False
    is_unbounded: bool = False

    @property
    def is_resident(self) -> bool:
        return self.jar is None

    @property
    def folder(self) -> Path | None:
        """The job's folder in the directory that it shares with the JobManager, if there is one."""
        if not self.is_resident:
            return None
        return Path(self.cluster.jobs_directory, "BEAM-PIPELINE", self.token)


def make_plan(options: PipelineOptions, settings: Settings) -> Plan:
    """Decide where the job goes and how large it is.

    Raises:
        UsageError: the cluster is named wrongly.
        HeadraceError: there is no cluster, or it cannot run such a job.
    """
    cluster = patiently(lambda _: find_cluster(options, settings), "the Flink cluster", may_pass)
    own = options.view_as(HeadraceOptions)
    token = secrets.token_hex(8)
    parallelism = chosen_parallelism(options)
    if parallelism is None:
        shape = shape_of(own.headrace_input_bytes, max(1, cluster.slots), cluster.task_managers)
    else:
        shape = with_harnesses(parallelism, cluster.task_managers)
    # Clusters that others started may make slots as they are asked for.
    if cluster.processes and shape.parallelism > cluster.slots:
        raise HeadraceError(
            f"the job asks for {shape.parallelism} slots, and the Flink cluster has "
            f"{cluster.slots}",
            "lower --parallelism, or start the cluster with more (flink_slots)",
        )
    return Plan(
        job_id=secrets.token_hex(16),
        token=token,
        name=options.view_as(GoogleCloudOptions).job_name or f"beam-{token}",
        cluster=cluster,
        shape=shape,
        home=settings.home,
        slot_wait_seconds=own.headrace_slot_wait_seconds,
        python_failures=python_failures(options),
        flink_options=flink_options(options),
        facts=Path(own.headrace_facts) if own.headrace_facts else None,
        jar=_jar(cluster, settings),
        restore=restore_of(options),
        one_stage=one_stage.is_wanted(options),
    )


def find_cluster(options: PipelineOptions, settings: Settings) -> ClusterState:
    """The cluster that ``--flink_master`` names, else the settings', else the one that runs here.

    Raises:
        UsageError: ``--flink_master`` is no address.
        NoCluster: there is none, or it does not answer.
    """
    master = str(options.view_as(FlinkRunnerOptions).flink_master or "").strip()
    if master in _NOT_A_CLUSTER:
        return current_cluster(settings)
    try:
        url = master_url(master)
    except ValueError as error:
        raise UsageError(f"--flink_master: {error}") from None
    try:
        here = current_cluster(settings)
        if here.rest_url == url:
            return here
    except NoCluster:
        pass
    # The address for browsers is that of the settings' own cluster.
    other = replace(settings.flink, master=url, web_url=None)
    return existing_cluster(replace(settings, flink=other))


def import_path() -> list[str]:
    """Where this process imports the user's code from: ``sys.path`` without the environment's."""
    paths = sysconfig.get_paths()
    installed = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    installed.update(site.getsitepackages(), [site.getusersitepackages()])
    installed.add(sysconfig.get_config_var("DESTSHARED") or "")
    found = [os.path.abspath(entry) for entry in sys.path]
    return list(
        dict.fromkeys(
            entry for entry in found if entry not in installed and not entry.endswith(".zip")
        )
    )


def _jar(cluster: ClusterState, settings: Settings) -> Path | None:
    if cluster.resident_jar and cluster.jobs_directory:
        return None
    if cluster.runner_jar:
        return Path(cluster.runner_jar)
    from headrace.flink.jar import built_jar

    jar = built_jar(flink_paths(settings))
    if not jar.is_file():
        raise HeadraceError(
            "Beam's runner for Flink is not there: it was not built, and no file is named",
            "run bin/headrace flink up once, or set flink_jar; with flink_jobs_directory, a "
            "cluster that has the jar on its class path needs none",
        )
    return jar
