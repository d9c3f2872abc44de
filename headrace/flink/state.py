"""Which cluster jobs go to: the one of ``headrace flink up``, or one that runs already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.bootstrap.machine import without_credentials
from headrace.errors import HeadraceError
from headrace.flink.jar import built_jar
from headrace.flink.paths import flink_paths
from headrace.flink.rest import FlinkApi
from headrace.services.identity import ProcessIdentity
from headrace.services.state import Phase, ServiceState, read_state
from headrace.settings import Settings

_START_IT = "start one with bin/headrace flink up, or let flink_master name one that runs already"


class NoCluster(HeadraceError):
    """There is no Flink cluster to submit a job to."""


@dataclass(frozen=True)
class ClusterState:
    """A Flink session cluster.

    Attributes:
        rest_url: of the JobManager's REST API and web UI, without a slash at its end.
        slots: task slots of all TaskManagers.
        task_managers: how many there are.
        worker_pool: ``host:port`` at which a TaskManager reaches its worker pool; may be empty for
            a cluster that runs already.
        flink_version: as in ``1.19.3``.
        jobs_directory: a directory that this machine shares with the JobManager and that is on the
            JobManager's class path; empty: there is none.
        resident_jar: the runner jar is on the cluster's class path: a job need not bring it.
        runner_jar: the runner jar on this machine; empty if there is none, which only a cluster
            without a resident one minds.
        web_url: where browsers reach the web UI; empty: at ``rest_url``.
        logs: directory of the cluster's logs; empty for one that runs already.
        processes: its processes on this machine by name: ``jobmanager``, ``taskmanager-1``,
            ``worker-pool``; none for a cluster that runs already.
    """

    rest_url: str
    slots: int
    task_managers: int
    worker_pool: str
    flink_version: str
    jobs_directory: str = ""
    resident_jar: bool = False
    runner_jar: str = ""
    web_url: str = ""
    logs: str = ""
    processes: Mapping[str, ProcessIdentity] = field(default_factory=dict)

    def job_page(self, job_id: str) -> str:
        """A job's page in the web UI; no credentials are in it."""
        return f"{without_credentials(self.web_url or self.rest_url)}/#/job/{job_id}/overview"

    def as_details(self) -> dict[str, Any]:
        """What a state file keeps of it; the processes have their own place there."""
        return {name: value for name, value in vars(self).items() if name != "processes"}


def current_cluster(settings: Settings) -> ClusterState:
    """The cluster that jobs go to now.

    Raises:
        NoCluster: there is none, it is still starting, or it does not answer; the message says what
            to do.
    """
    if settings.flink.master is not None:
        return existing_cluster(settings)
    state = read_state(flink_paths(settings).state)
    if state is None:
        raise NoCluster("no Flink cluster is running", _START_IT)
    if not state.is_alive:
        raise NoCluster(
            "the Flink cluster has crashed", "start it again with bin/headrace flink up"
        )
    if state.phase is not Phase.RUNNING:
        raise NoCluster(
            "the Flink cluster is not up yet" if state.phase is Phase.STARTING else state.message,
            "bin/headrace flink status shows how far it is",
        )
    return cluster_of(state)


def cluster_of(state: ServiceState) -> ClusterState:
    """The cluster that a state file describes.

    Raises:
        HeadraceError: the file is of another version of headrace.
    """
    processes = {name: part.process for name, part in state.components.items()}
    try:
        return ClusterState(**state.details, processes=processes)
    except TypeError:
        raise NoCluster(
            "the Flink cluster was started by another version of headrace",
            "stop it with bin/headrace flink down, then start it again",
        ) from None


def existing_cluster(settings: Settings) -> ClusterState:
    """The cluster that ``flink_master`` names, as it describes itself.

    Raises:
        NoCluster: it does not answer.
    """
    flink = settings.flink
    assert flink.master is not None
    built = built_jar(flink_paths(settings))
    with FlinkApi(flink.master) as api:
        overview = api.overview()
    return ClusterState(
        rest_url=flink.master,
        slots=overview.slots,
        task_managers=overview.task_managers,
        worker_pool=flink.worker_pool or "",
        flink_version=overview.version,
        jobs_directory=str(flink.jobs_directory or ""),
        resident_jar=flink.jobs_directory is not None,
        runner_jar=str(flink.jar or (built if built.is_file() else "")),
        web_url=flink.web_url or "",
    )
