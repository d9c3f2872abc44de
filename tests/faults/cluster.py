"""The engine with its Beam jobs on a Flink cluster, whose parts can be hurt too."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from headrace.errors import HeadraceError
from headrace.flink.job_api import ENDED
from headrace.flink.paths import flink_paths
from headrace.flink.rest import FlinkApi
from headrace.flink.state import current_cluster
from headrace.services.state import ServiceState, read_state
from tests.faults.engine import HAZARDS, Engine, headrace
from tests.faults.plan import Hazard, Kind, Target
from tests.faults.scene import Scene
from tests.faults.stage import Trial

_PAUSE_SECONDS = 15.0
OPTIONS = "heartbeat.interval=2000 heartbeat.timeout=12000"
"""Flink's own time-out is 90 s here: what is paused for longer is to be given up sooner."""
PARTS = {
    Target.POOL: "worker-pool",
    Target.TASK_MANAGER: "taskmanager-1",
    Target.JOB_MANAGER: "jobmanager",
}
OF_FLINK = tuple(
    Hazard(kind, target, _PAUSE_SECONDS if kind is Kind.PAUSE else 0.0)
    for kind in (Kind.KILL, Kind.PAUSE)
    for target in (Target.HARNESS, *PARTS)
)


class Cluster(Engine):
    """The stage whose runs are ``bin/headrace run --runner flink``.

    Args:
        flink: variables that name the distribution and the runner jar.
    """

    name = "flink"

    def __init__(self, place: Path, tfx_python: Path, flink: Mapping[str, str]) -> None:
        extra = {
            "HEADRACE_FLINK_SLOTS": "2",
            "HEADRACE_FLINK_HARNESS_MEMORY": "1g",
            "HEADRACE_FLINK_OPTIONS": OPTIONS,
            **flink,
        }
        super().__init__(place, {}, tfx_python, extra)

    @property
    def hazards(self) -> Sequence[Hazard]:
        ours = [it for it in HAZARDS if it.kind is Kind.KILL]
        return (*ours, *OF_FLINK)

    @property
    def absent(self) -> Mapping[str, str]:
        return {}

    def up(self) -> None:
        headrace(self.environ, "flink", "up")

    def close(self) -> None:
        headrace(self.environ, "flink", "down")
        super().close()

    def request(self, run: str, data: Path) -> tuple[str, ...]:
        return ("--runner", "flink", *super().request(run, data))

    def victims(self, target: Target, trial: Trial) -> list[psutil.Process]:
        if target is Target.HARNESS:
            return self._harnesses()[:1]
        if target not in PARTS:
            return super().victims(target, trial)
        if not self._jobs():
            return []  # nothing of a job is to be hurt yet
        state = self._state()
        found = state.components[PARTS[target]].process.find() if state else None
        return [found] if found else []

    def look(self) -> Scene:
        jobs = [f"job {name} is {state}" for name, state in self._jobs()]
        harnesses = [f"harness {process.pid}" for process in self._harnesses()]
        folders: list[str] = []
        with contextlib.suppress(HeadraceError):
            place = Path(current_cluster(self.settings).jobs_directory)
            folders = [str(folder) for folder in place.glob("BEAM-PIPELINE/*")]
        return replace(super().look(), flink=(*jobs, *harnesses, *folders))

    def servers(self) -> list[psutil.Process]:
        state = self._state()
        parts = [state.supervisor, *state.processes()] if state else []
        own = [process for part in parts if (process := part.find()) is not None]
        return [*super().servers(), *own, *descendants(own)]

    def _state(self) -> ServiceState | None:
        return read_state(flink_paths(self.settings).state)

    def _jobs(self) -> list[tuple[str, str]]:
        with (
            contextlib.suppress(HeadraceError),
            FlinkApi(current_cluster(self.settings).rest_url) as api,
        ):
            return [(job.name, job.state) for job in api.jobs() if job.state not in ENDED]
        return []

    def _harnesses(self) -> list[psutil.Process]:
        found = []
        for file in flink_paths(self.settings).starts.glob("*/worker-pool.json"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                for item in json.loads(file.read_text())["harnesses"]:
                    with contextlib.suppress(psutil.Error):
                        process = psutil.Process(item["pid"])
                        if process.status() != psutil.STATUS_ZOMBIE:
                            found.append(process)
        return found


def descendants(processes: Sequence[psutil.Process]) -> Iterator[psutil.Process]:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            yield from process.children(recursive=True)
