"""The same pipeline as a DAG of a real Airflow, whose parts can be hurt too."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from headrace.errors import HeadraceError
from headrace.services import control
from headrace.services.instance import main_instance
from headrace.services.rest import AirflowApi
from headrace.services.state import ServiceState, read_state
from tests.faults.cluster import descendants
from tests.faults.engine import HAZARDS, OF_DISKS, PROJECT, Engine, headrace
from tests.faults.injuries import Disk
from tests.faults.plan import Hazard, Kind, Target
from tests.faults.stage import End, Trial
from tests.waiting import wait_until

DAG_ID = "faulted"
DAG = """
from datetime import timedelta

from headrace.airflow import pipeline_dag

dag = pipeline_dag(
    "faulted.py:create_pipeline",
    default_args={"retries": 3, "retry_delay": timedelta(seconds=1)},
)
"""
_HEARTBEAT_SECONDS = 12
_PAUSE_SECONDS = 18.0
ENVIRON = {
    # Airflow's own are 300 and 30 s: what is paused for longer is to be given up sooner.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(_HEARTBEAT_SECONDS),
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": str(_HEARTBEAT_SECONDS),
}
PARTS = {Target.SCHEDULER: "scheduler", Target.API_SERVER: "api-server"}
OF_AIRFLOW = tuple(
    Hazard(kind, target, _PAUSE_SECONDS if kind is Kind.PAUSE else 0.0)
    for kind in (Kind.KILL, Kind.PAUSE)
    for target in (Target.TASK, Target.WORKER, *PARTS)
)
_POLL_SECONDS = 0.2


class DagTrial:
    """A DAG run, followed through Airflow's API for as long as that answers."""

    def __init__(self, api: AirflowApi, run: str) -> None:
        self._api, self._run = api, run
        self._looked, self._state = 0.0, ""

    def state(self) -> str:
        if time.monotonic() > self._looked + _POLL_SECONDS:
            with contextlib.suppress(HeadraceError):
                self._state = str(self._api.run(DAG_ID, self._run)["state"])
            self._looked = time.monotonic()
        return self._state

    def is_over(self) -> bool:
        return self.state() in ("success", "failed")

    def wait(self, seconds: float) -> End:
        deadline = time.monotonic() + seconds
        while not self.is_over():
            if time.monotonic() > deadline:
                return End("hung", self._said())
            time.sleep(_POLL_SECONDS)
        return End(self.state(), "" if self.state() == "success" else self._said())

    def pids(self) -> list[int]:
        """Of the processes of its tasks that run."""
        with contextlib.suppress(HeadraceError):
            tasks = self._api.tasks(DAG_ID, self._run)
            return [int(it["pid"]) for it in tasks if it["state"] == "running" and it["pid"]]
        return []

    def _said(self) -> str:
        """The last error in the log of each task that has failed."""
        said = []
        with contextlib.suppress(HeadraceError):
            for task in self._api.tasks(DAG_ID, self._run):
                if task["state"] == "failed" and task["start_date"]:
                    name, number = task["task_id"], task["try_number"]
                    lines = self._api.log(DAG_ID, self._run, name, number)
                    errors = [line for line in lines if line.startswith(("ERROR", "CRITICAL"))]
                    said.append(f"{name} failed: {(errors or lines or [task['state']])[-1]}")
        return "\n".join(said)


class Platform(Engine):
    """The stage of ``bin/headrace up``: its tasks are tried again by Airflow, up to three times."""

    name = "airflow"

    def __init__(self, place: Path, small: Mapping[str, Disk], tfx_python: Path) -> None:
        project = place / "project"
        (project / "dags").mkdir(parents=True)
        (project / "dags" / "faulted.py").write_text(DAG)
        shutil.copy(PROJECT / "tests/data/pipelines/faulted.py", project)
        extra = {
            **ENVIRON,
            "HEADRACE_PROJECT": str(project),
            "HEADRACE_PARAMETER_ROOTS": str(place / "data"),
        }
        super().__init__(place, small, tfx_python, extra, project)
        self._instance = main_instance(self.settings)

    @property
    def hazards(self) -> Sequence[Hazard]:
        ours = [it for it in HAZARDS if it.target is not Target.COMMAND]
        return (*ours, *OF_AIRFLOW, *(OF_DISKS if self._disks else ()))

    def up(self) -> None:
        headrace(self.environ, "up")
        state = self._state()
        assert state is not None
        self._api = control.api(self._instance, state)
        # ``up`` gives up a file that takes minutes, or whose first parse ran out of time.
        wait_until(self._knows_the_dag)

    def _knows_the_dag(self) -> bool:
        with contextlib.suppress(HeadraceError):
            return DAG_ID in {dag["dag_id"] for dag in self._api.dags()}
        return False

    def close(self) -> None:
        headrace(self.environ, "down")
        super().close()

    def begin(self, run: str) -> DagTrial:
        self._api.trigger(DAG_ID, run, {"data": str(self.data_of(run))})
        return DagTrial(self._api, run)

    def resume(self, run: str) -> DagTrial:
        """As somebody who clears what has failed."""
        body = {"dry_run": False, "dag_run_id": run, "only_failed": True, "reset_dag_runs": True}
        path = f"/api/v2/dags/{DAG_ID}/clearTaskInstances"
        self._api._check(self._api._request("POST", path, json=body))
        return DagTrial(self._api, run)

    def victims(self, target: Target, trial: Trial) -> list[psutil.Process]:
        if target in PARTS:
            state = self._state()
            found = state.components[PARTS[target]].process.find() if state else None
            return [found] if found else []
        if target not in (Target.TASK, Target.WORKER) or not isinstance(trial, DagTrial):
            return super().victims(target, trial)
        processes = []
        for pid in trial.pids()[:1]:
            with contextlib.suppress(psutil.Error):
                task = psutil.Process(pid)
                worker = task.parent()
                # The worker watches over its task; hurt alone, it leaves the task to itself.
                processes += [task] if target is Target.TASK or worker is None else [worker]
        return processes

    def servers(self) -> list[psutil.Process]:
        state = self._state()
        parts = [state.supervisor, *state.processes()] if state else []
        own = [process for part in parts if (process := part.find()) is not None]
        return [*super().servers(), *own, *descendants(own)]

    def _state(self) -> ServiceState | None:
        return read_state(self._instance.state)
