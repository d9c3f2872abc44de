"""``headrace run`` from the request to the exit code."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import psutil

from headrace.errors import EXIT_DONE, EXIT_FAILED, UsageError
from headrace.graph.entities import PipelineGraph
from headrace.graph.reader import read_graph
from headrace.graph.values import NotHeld, ParameterValue, read_text
from headrace.ir.manifest import Manifest
from headrace.ir.store import current_ir
from headrace.launcher.jobs import ReuseRequest
from headrace.launcher.protocol import EventFrame, Frame
from headrace.running import audience
from headrace.running import record as records
from headrace.running.partial import reuse_outputs
from headrace.running.record import RunRecord
from headrace.running.scheduler import NodeStatus, run_graph
from headrace.running.selection import Selection, select
from headrace.running.show import Screen, print_json, print_table
from headrace.running.states import NodeState
from headrace.running.unblessed import unblessed
from headrace.running.work import LauncherWork, RunSpec
from headrace.settings import Keras, Runner, Settings

_BYTES_A_NODE = 2_000_000_000
"""A Beam or training node takes one to two gigabytes."""
_LOG_LINES = 10
_STDOUT, _STDERR = 1, 2


@dataclass(frozen=True)
class RunRequest:
    """What the command line asks for; texts as they were typed.

    Attributes:
        target: may be empty where a run is resumed: it is then the record's.
        resume: id of the run to go on with; empty for a new one.
        jobs: greatest number of nodes at once; 0 for what the machine has room for.
    """

    target: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    runner: str = ""
    keras: str = ""
    start: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    base_run: str = ""
    run_id: str = ""
    resume: str = ""
    jobs: int = 0
    verbose: bool = False
    as_json: bool = False


class _Signalled(BaseException):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run_pipeline(settings: Settings, request: RunRequest) -> int:
    """Run it and return the exit code: 0 if no node failed, 128 and the signal if cancelled.

    Raises:
        UsageError: a node, parameter or run of that name does not exist; nothing was run.
        HeadraceError: the pipeline does not compile, or no earlier run has the outputs needed.
    """
    runs = settings.layout.runs
    run_id = request.resume or request.run_id or records.new_run_id()
    directory = records.run_directory(runs, run_id)
    old = records.read_record(directory)
    if request.resume and old is None:
        raise UsageError(f"there is no run {request.resume!r} to resume", _known(runs))
    if old is not None and not request.resume:
        raise UsageError(f"run {run_id!r} exists", "resume it with --resume, or choose another id")
    request = _completed(request, old)
    if old is not None and not settings.beam_overrides:
        settings = replace(settings, beam_overrides=tuple(old.beam_overrides))
    if request.keras:
        settings = replace(settings, keras=Keras(request.keras))
    manifest = current_ir(request.target, settings, on_frame=_print_event)
    graph = read_graph(Path(manifest.ir_path))
    if old is not None and old.pipeline != graph.name:
        raise UsageError(
            f"run {run_id!r} is one of pipeline {old.pipeline!r}, not of {graph.name!r}",
            "leave TARGET out to resume it",
        )
    given = parameter_values(graph, request.parameters, old)
    selection = select(graph, request.start, request.end)
    record = RunRecord(
        run_id=run_id,
        target=manifest.target,
        pipeline=graph.name,
        parameters=given,
        runner=request.runner,
        start=list(request.start),
        end=list(request.end),
        base_run=request.base_run,
        keras=manifest.keras_for(settings).value,
        beam_overrides=list(settings.beam_overrides),
    )
    with records.owned(directory):
        records.write_record(directory, record)
        records.forget_old_runs(runs)
        return _Run(settings, request, manifest, graph, selection, record, directory).run()


class _Run:
    def __init__(
        self,
        settings: Settings,
        request: RunRequest,
        manifest: Manifest,
        graph: PipelineGraph,
        selection: Selection,
        record: RunRecord,
        directory: Path,
    ) -> None:
        self._settings = settings
        self._request = request
        self._graph = graph
        self._selection = selection
        self._record = record
        self._directory = directory
        self._screen = Screen(graph)
        self._statuses: Mapping[str, NodeStatus] = {}
        self._spec = RunSpec(
            run_id=record.run_id,
            manifest=manifest,
            runner=request.runner or settings.runner.value,
            directory=directory,
            keras=record.keras,
            beam_overrides=tuple(record.beam_overrides),
            metadata_url=_metadata_url(settings, manifest.has_own_metadata),
            parameters=record.parameters,
        )

    def run(self) -> int:
        begin = time.monotonic()
        self._screen.say(f"run {self._record.run_id} of {self._graph.name}")
        signalled = 0
        try:
            with _signals_raised():
                self._reuse()
                work = LauncherWork(
                    self._settings,
                    self._spec,
                    say=self._screen.say,
                    say_log=self._screen.say if self._request.verbose else None,
                )
                jobs = self._request.jobs or jobs_for_this_machine()
                run_graph(self._graph, self._initial(), work, jobs, self._observe)
        except _Signalled as signal_received:
            signalled = signal_received.number
        finally:
            self._screen.close()
        return self._report(time.monotonic() - begin, signalled)

    def _initial(self) -> dict[str, NodeState]:
        states = dict.fromkeys((node.id for node in self._graph.nodes), NodeState.LEFT_OUT)
        states.update(dict.fromkeys(self._selection.reuse, NodeState.REUSED))
        states.update(dict.fromkeys(self._selection.run, NodeState.WAITING))
        return states

    def _observe(self, statuses: Mapping[str, NodeStatus]) -> None:
        self._statuses = dict(statuses)
        self._screen.show(statuses)
        if audience.has_gone(_STDERR):
            # As a terminal that hangs up: whoever asked for the run is no more.
            for descriptor in filter(audience.has_gone, (_STDERR, _STDOUT)):
                audience.speak_to_nobody(descriptor)
            raise _Signalled(signal.SIGPIPE)

    def _reuse(self) -> None:
        if not self._selection.is_partial:
            return
        result = reuse_outputs(
            self._settings,
            ReuseRequest(
                ir_path=self._spec.manifest.ir_path,
                run_id=self._spec.run_id,
                run_nodes=list(self._selection.run),
                reuse_nodes=list(self._selection.reuse),
                base_run=self._record.base_run,
                parameters=dict(self._spec.parameters),
                metadata_url=self._spec.metadata_url,
                import_path=list(self._spec.manifest.import_path),
                keras=self._spec.keras,
            ),
        )
        # A resumed run must not take another base than it began with.
        self._record = replace(self._record, base_run=result.base_run)
        records.write_record(self._directory, self._record)
        self._screen.say(
            f"the outputs of {', '.join(self._selection.reuse)} are those of run {result.base_run}"
        )

    def _report(self, seconds: float, signalled: int) -> int:
        failed = [name for name, status in self._statuses.items() if status.state.is_failure]
        state = "cancelled" if signalled else "failed" if failed else "success"
        if self._request.as_json:
            run = {
                "id": self._record.run_id,
                "pipeline": self._graph.name,
                "target": self._record.target,
                "state": state,
                "seconds": round(seconds, 3),
                "logs": str(self._directory),
            }
            print_json(self._graph, self._statuses, run)
        elif self._statuses:
            print_table(self._graph, self._statuses)
        self._say_why_skipped()
        self._say_what_was_not_blessed()
        self._say_what_was_not_pushed()
        if state != "success":
            self._explain()
        print(f"run {self._record.run_id}: {state}, {seconds:.1f} s", file=sys.stderr)
        if signalled:
            return 128 + signalled
        return EXIT_FAILED if failed else EXIT_DONE

    def _say_why_skipped(self) -> None:
        """Say it once for all nodes that were skipped for the same reason."""
        reasons: dict[str, list[str]] = {}
        for name, status in self._statuses.items():
            if status.result is not None and status.result.reason:
                reasons.setdefault(status.result.reason, []).append(name)
        for reason, names in reasons.items():
            print(f"\n{', '.join(names)} skipped: {reason}", file=sys.stderr)

    def _say_what_was_not_blessed(self) -> None:
        for name, status in self._statuses.items():
            told = unblessed(status.result.evaluation) if status.result is not None else []
            if told:
                print("\n  ".join([f"\n{name}: not blessed:", *told]), file=sys.stderr)

    def _say_what_was_not_pushed(self) -> None:
        """Why a Pusher has held a blessed model back: by its state it has done as ever."""
        for name, status in self._statuses.items():
            asset = status.result.asset if status.result is not None else {}
            if asset.get("reason"):
                print(f"\n{name}: not pushed: {asset['reason']}", file=sys.stderr)

    def _explain(self) -> None:
        """Say which nodes failed and why, and how to go on."""
        for name, status in self._statuses.items():
            if status.error is None or status.state is NodeState.CANCELLED:
                continue
            log = records.log_file(self._directory, name)
            print(f"\n{name} failed: {status.error.message}", file=sys.stderr)
            for line in status.error.hint.splitlines():
                print(f"  {line}", file=sys.stderr)
            print(f"  log, with the traceback: {log}", file=sys.stderr)
            for line in records.last_lines(log, _LOG_LINES):
                print(f"    {line}", file=sys.stderr)
        stuck = [n for n, s in self._statuses.items() if s.state is NodeState.UPSTREAM_FAILED]
        if stuck:
            print(f"\nnot run because of that: {', '.join(stuck)}", file=sys.stderr)
        print(f"\nresume with: {resume_command(self._record.run_id)}", file=sys.stderr)


def parameter_values(
    graph: PipelineGraph, texts: Mapping[str, str], old: RunRecord | None
) -> dict[str, ParameterValue]:
    """The values given for a run, in their parameters' types; a resumed run keeps its own.

    Raises:
        UsageError: a parameter does not exist, has a value of another type, or has none.
    """
    declared = {parameter.name: parameter for parameter in graph.parameters}
    kept = old.parameters if old else {}
    values = {name: value for name, value in kept.items() if name in declared}
    for name, text in texts.items():
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise UsageError(f"unknown parameter {name!r}", f"the pipeline's parameters: {known}")
        kind = declared[name].type
        try:
            values[name] = read_text(kind, text)
        except NotHeld as error:
            raise UsageError(f"parameter {name!r}: {error}") from None
        except ValueError:
            raise UsageError(
                f"parameter {name!r} must be of type {kind.value}, not {text!r}"
            ) from None
    for name, parameter in declared.items():
        if name not in values and parameter.default is None:
            raise UsageError(
                f"parameter {name!r} has no default and no value was given",
                f"give one with --param {name}=VALUE; it is used by {', '.join(parameter.nodes)}",
            )
    return values


def resume_command(run_id: str) -> str:
    """The command that goes on with a run, as it is typed in the present directory."""
    project = os.environ.get("HEADRACE_PROJECT", "")
    wrapper = Path(project, "bin", "headrace")
    name = os.path.relpath(wrapper) if project and wrapper.is_file() else "headrace"
    return shlex.join([name, "run", "--resume", run_id])


def jobs_for_this_machine() -> int:
    """How many nodes have room at once: a core and memory for each, and at least one."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, psutil.virtual_memory().total // _BYTES_A_NODE))


def _completed(request: RunRequest, old: RunRecord | None) -> RunRequest:
    """The request with what it leaves open taken from the record of the run that it resumes."""
    if old is None:
        return request
    if request.start or request.end or request.base_run:
        raise UsageError(
            "a resumed run keeps the nodes that it began with",
            "leave --from, --to and --base-run out, or start a new run",
        )
    return replace(
        request,
        target=request.target or old.target,
        runner=request.runner or old.runner,
        keras=request.keras or old.keras,
        start=tuple(old.start),
        end=tuple(old.end),
        base_run=old.base_run,
    )


def _metadata_url(settings: Settings, has_own: bool) -> str:
    if settings.metadata_url is not None:
        return settings.metadata_url
    if settings.metadata_conn_id is not None:
        raise UsageError(
            f"metadata_conn_id names an Airflow Connection ({settings.metadata_conn_id}), which "
            "only Airflow can read",
            "set HEADRACE_METADATA_URL for runs without Airflow",
        )
    return "" if has_own else f"sqlite:///{quote(str(settings.layout.metadata_database))}"


@contextlib.contextmanager
def _signals_raised() -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP end the run in order; a second one meets the default."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)
        raise _Signalled(number)

    for number in numbers:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_event(frame: Frame) -> None:
    if isinstance(frame, EventFrame) and frame.detail:
        print(frame.detail, file=sys.stderr)


def _known(runs: Path) -> str:
    names = sorted((entry.name for entry in runs.glob("*/") if entry.is_dir()), reverse=True)
    return f"the newest: {', '.join(names[:3])}" if names else "no run was made here yet"


def runner_names() -> list[str]:
    """What ``--runner`` takes."""
    return [runner.value for runner in Runner]
