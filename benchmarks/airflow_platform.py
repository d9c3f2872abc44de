"""A project with DAG files of a benchmark's own, under Airflow as ``headrace up`` starts it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.context import Context
from headrace.launcher.client import stop_launcher
from headrace.services import control
from headrace.services.instance import main_instance
from headrace.services.rest import AirflowApi
from headrace.settings import Settings

_LIMIT_SECONDS = 1800.0
_POLL_SECONDS = 1.0
_ENDED = ("success", "failed")


@dataclass(frozen=True)
class Task:
    """One task of a run, in seconds since the epoch."""

    queued: float
    started: float
    ended: float


@dataclass(frozen=True)
class Run:
    """A DAG run that succeeded.

    Attributes:
        seconds: from queued to the end of its last task, by Airflow.
        results: what each task returned, where it returned anything.
    """

    seconds: float
    tasks: dict[str, Task]
    results: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class AirflowPlatform:
    """Runs DAGs, one run after another."""

    settings: Settings
    api: AirflowApi

    def run(self, dag_id: str, *, with_results: bool = False) -> Run:
        """Trigger a run and wait for its end.

        Raises:
            RuntimeError: it failed, or did not end.
        """
        run_id = f"bench{time.time_ns()}"
        self.api.trigger(dag_id, run_id, {})
        deadline = time.monotonic() + _LIMIT_SECONDS
        # Seldom, since the API server that answers is the one that tasks wait for.
        while (run := self.api.run(dag_id, run_id))["state"] not in _ENDED:
            if time.monotonic() > deadline:
                raise RuntimeError(f"a run of {dag_id} did not end in {_LIMIT_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)
        found = {item["task_id"]: item for item in self.api.tasks(dag_id, run_id)}
        if run["state"] != "success":
            failed = [name for name, item in found.items() if item["state"] == "failed"]
            raise RuntimeError(f"a run of {dag_id} failed: {', '.join(failed)}")
        results = {
            name: self.api.result(dag_id, run_id, name) or {} for name in found if with_results
        }
        tasks = {
            name: Task(*(_time(item[key]) for key in ("queued_when", "start_date", "end_date")))
            for name, item in found.items()
            if item["start_date"]
        }
        return Run(_time(run["end_date"]) - _time(run["queued_at"]), tasks, results)

    def run_at_once(self, dag_id: str, number: int) -> list[str]:
        """Trigger so many runs and wait for the end of all; return their ids.

        Raises:
            RuntimeError: one failed, or did not end.
        """
        ids = [f"bench{time.time_ns()}" for _ in range(number)]
        for run_id in ids:
            self.api.trigger(dag_id, run_id, {})
        deadline = time.monotonic() + _LIMIT_SECONDS
        while True:
            states = {run["dag_run_id"]: run["state"] for run in self.api.runs(dag_id)}
            if all(states.get(run_id) in _ENDED for run_id in ids):
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"runs of {dag_id} did not end in {_LIMIT_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)
        failed = [run_id for run_id in ids if states[run_id] != "success"]
        if failed:
            raise RuntimeError(f"{len(failed)} of {number} runs of {dag_id} failed: {failed[0]}")
        return ids


@contextlib.contextmanager
def airflow_platform(
    context: Context, dags: Mapping[str, str], *, up: Sequence[str] = (), **environ: str
) -> Iterator[AirflowPlatform]:
    """Start it with these DAG files (text by name), and leave nothing behind.

    Args:
        up: arguments of ``headrace up``.
        environ: of its processes, and of those that they start.
    """
    place = Path(tempfile.mkdtemp(prefix="project-", dir=context.scratch))
    home = place / ".headrace"
    (place / "dags").mkdir()
    for name, text in dags.items():
        (place / "dags" / name).write_text(text)
    settings = replace(context.settings, project=place, home=home)
    variables = {
        **context.environ(),
        "HEADRACE_PROJECT": str(place),
        "HEADRACE_HOME": str(home),
        "HEADRACE_TFX_PYTHON": str(settings.tfx_python),
        **environ,
    }

    def headrace(*command: str) -> None:
        with context.log.open("ab") as log:
            subprocess.run(
                [str(context.settings.layout.airflow_python), "-m", "headrace.cli", *command],
                cwd=place,
                env=variables,
                stdout=log,
                stderr=log,
                check=True,
            )

    try:
        headrace("up", *up)
        instance = main_instance(settings)
        state = control.running(instance)
        if state is None:
            raise RuntimeError(f"Airflow ended: see {context.log}")
        with control.api(instance, state) as api:
            broken = api.import_errors()
            if broken:
                raise RuntimeError(f"a DAG file is broken: {broken[0]['stack_trace']}")
            yield AirflowPlatform(settings, api)
    finally:
        headrace("down")
        stop_launcher(settings)
        shutil.rmtree(place, ignore_errors=True)


def _time(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
