"""Runs a pipeline's DAG in a real Airflow from start to end, and reports."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from headrace.bootstrap.machine import without_credentials
from headrace.bootstrap.progress import Progress
from headrace.demo.following import RunOutcome, follow
from headrace.demo.show import Screen, print_outcome
from headrace.errors import EXIT_DONE, EXIT_FAILED, HeadraceError, UsageError
from headrace.flink import control as flink
from headrace.launcher.starting import tfx_environ
from headrace.launcher.warming import warm_launcher
from headrace.services import control
from headrace.services.instance import Instance, demo_instance, main_instance
from headrace.services.rest import AirflowApi
from headrace.services.state import ServiceState
from headrace.settings import Runner, Settings

_LIMIT_SECONDS = 3600.0
_REPORT_SECONDS = 300.0
_LOG_LINES = 30
_KEPT_DEMOS = 3


@dataclass(frozen=True)
class DemoRequest:
    """What to run: the DAG's id, its parameters, and the Beam runner (empty: the settings').

    Attributes:
        own_airflow: an Airflow that runs already will not do, because it has other settings.
    """

    dag_id: str
    parameters: dict[str, Any] = field(default_factory=dict)
    runner: str = ""
    own_airflow: bool = False
    keep: bool = False
    as_json: bool = False


def run_demo(settings: Settings, request: DemoRequest) -> int:
    """Run it; 0 only if the DAG run succeeded and everything that it made could be read.

    Raises:
        UsageError: there is no such DAG, or Airflow refuses a parameter.
        HeadraceError: Airflow does not start, or the report cannot be made.
    """
    screen = Screen()
    try:
        with _airflow(settings, request, screen) as (instance, state):
            with control.api(instance, state) as api:
                outcome = _run(api, request, screen)
                screen.close()
                if outcome.state != "success":
                    _explain_failure(api, outcome)
            report = _report(settings, outcome, screen) if outcome.state == "success" else {}
            if request.as_json:
                print(json.dumps(_document(outcome, report)))
            else:
                print_outcome(outcome, report)
                _say_how_to_open(state, request.keep)
    finally:
        screen.close()
    return EXIT_DONE if outcome.state == "success" else EXIT_FAILED


@contextlib.contextmanager
def _airflow(
    settings: Settings, request: DemoRequest, screen: Screen
) -> Iterator[tuple[Instance, ServiceState]]:
    """The running Airflow if there is one, else one of the demo's own, stopped afterwards."""
    main = main_instance(settings)
    running = control.running(main)
    if running is not None and _suits(running, request):
        screen.say(f"using the Airflow that runs at {running.url}")
        with _flink(settings, request, running.runner, screen) as wait_for_flink:
            wait_for_flink()
            yield main, control.wait_until_ready(main, screen.say)
        return
    instance = main if request.keep else demo_instance(settings, _name())
    if request.keep and running is not None:
        raise UsageError(
            f"Airflow runs already, with runner {running.runner or 'of the settings'}",
            "stop it first with bin/headrace down, or leave --keep out",
        )
    with _flink(settings, request, request.runner, screen) as wait_for_flink:
        screen.say("starting Airflow: API server, scheduler, DAG processor, triggerer")
        # The launcher imports TFX while Airflow starts, instead of while its first task waits.
        warm_launcher(settings)
        with_parent = not request.keep
        state = control.start(instance, None, request.runner, with_parent=with_parent)
        try:
            state = control.wait_until_ready(instance, screen.say)
            screen.say(f"Airflow is ready at {state.url}")
            wait_for_flink()
            yield instance, state
        except BaseException:
            if request.keep:
                control.stop(instance)
            raise
        finally:
            if not request.keep:
                control.stop(instance)
                _forget_old_demos(settings)


def _suits(running: ServiceState, request: DemoRequest) -> bool:
    return not request.own_airflow and request.runner in ("", running.runner)


@contextlib.contextmanager
def _flink(
    settings: Settings, request: DemoRequest, runner: str, screen: Screen
) -> Iterator[Callable[[], None]]:
    """A cluster for the demo's jobs, if its runner is Flink; yields what waits until it is ready.

    One that this starts is stopped afterwards, unless it is to be kept and nothing failed.
    """
    if (runner or settings.runner.value) != Runner.FLINK.value:
        yield lambda: None
        return

    def wait() -> None:
        cluster = flink.wait_until_ready(settings, screen.say)
        screen.say(f"Flink is ready at {without_credentials(cluster.rest_url)}")

    screen.say("starting Flink: JobManager, TaskManager, worker pool")
    started = flink.start(settings, Progress(), with_parent=not request.keep)
    succeeded = False
    try:
        yield wait
        succeeded = True
    finally:
        if started and not (request.keep and succeeded):
            flink.stop(settings)


def _run(api: AirflowApi, request: DemoRequest, screen: Screen) -> RunOutcome:
    known = {str(dag["dag_id"]): dag for dag in api.dags()}
    if request.dag_id not in known:
        errors = [error["stack_trace"].strip().splitlines()[-1] for error in api.import_errors()]
        raise UsageError(
            f"there is no DAG {request.dag_id!r}",
            "\n".join([f"the DAGs are: {', '.join(sorted(known)) or 'none'}", *errors]),
        )
    declared = api.parameters(request.dag_id)
    unknown = sorted(set(request.parameters) - set(declared))
    if unknown:
        raise UsageError(
            f"unknown parameter {unknown[0]!r}",
            f"the parameters of {request.dag_id}: {', '.join(declared) or 'none'}",
        )
    if known[request.dag_id].get("is_paused"):
        api.unpause(request.dag_id)
    run_id = f"demo__{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f%z}"
    api.trigger(request.dag_id, run_id, request.parameters)
    screen.say(f"triggered {request.dag_id}, run {run_id}")
    return follow(api, request.dag_id, run_id, _LIMIT_SECONDS, screen.tasks)


def _explain_failure(api: AirflowApi, outcome: RunOutcome) -> None:
    """Print the end of the log of each task that failed."""
    import sys

    for task in outcome.tasks:
        if task.state == "failed":
            lines = api.log(outcome.dag_id, outcome.run_id, task.task_id, task.try_number)
            print(f"\n{task.task_id} failed; the end of its log:", file=sys.stderr)
            print("\n".join(f"  {line}" for line in lines[-_LOG_LINES:]), file=sys.stderr)


def _report(settings: Settings, outcome: RunOutcome, screen: Screen) -> dict[str, Any]:
    screen.say("reading the metrics, and asking the pushed model for a prediction")
    completed = subprocess.run(
        [str(settings.tfx_python), "-m", "headrace.demo.report"],
        input=json.dumps(outcome.results()),
        capture_output=True,
        text=True,
        env=tfx_environ(settings),
        timeout=_REPORT_SECONDS,
        check=False,
    )
    if completed.returncode != 0:
        end = "\n".join(completed.stderr.strip().splitlines()[-8:])
        raise HeadraceError("the run succeeded, but what it made cannot be read", end)
    report = json.loads(completed.stdout)
    return report if isinstance(report, dict) else {}


def _document(outcome: RunOutcome, report: dict[str, Any]) -> dict[str, Any]:
    run = {"id": outcome.run_id, "dag_id": outcome.dag_id}
    run |= {"state": outcome.state, "seconds": outcome.seconds}  # type: ignore[dict-item]
    return {"run": run, "tasks": [asdict(task) for task in outcome.tasks], **report}


def _say_how_to_open(state: ServiceState, keep: bool) -> None:
    if keep:
        print(f"\nAirflow goes on at {state.url}: bin/headrace up shows user and password")
    else:
        print("\nto see it in Airflow's UI: bin/headrace up, then open the URL that it prints")


def _name() -> str:
    return f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"


def _forget_old_demos(settings: Settings) -> None:
    folder = settings.home / "demo"
    ended = sorted(entry for entry in folder.iterdir() if not (entry / "airflow.json").exists())
    for entry in ended[:-_KEPT_DEMOS]:
        shutil.rmtree(entry, ignore_errors=True)
