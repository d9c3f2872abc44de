"""Runs the checks and the test sessions, and sums them up: what failed, and the counts."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from headrace.settings import Settings
from headrace.verification.report import Counts, Failure, read_counts, read_failures
from headrace.verification.sessions import Session, of_each_environment, side_by_side
from headrace.verification.steps import Step, checks
from headrace.verification.system import provide_packages

WITHOUT_FLINK = "--without-flink"
_NO_TESTS = 5
"""pytest's exit code where its arguments select no test."""


@dataclass(frozen=True)
class _Outcome:
    step: Step
    code: int
    seconds: float


def verify(settings: Settings, arguments: Sequence[str]) -> int:
    """Run everything, or with ``arguments`` only pytest with them; return the exit code.

    The whole runs its sessions at once: each waits for other processes most of its time. With
    arguments there is one of each environment, and they run one after another, so that a debugger
    has the terminal to itself.

    ``--without-flink`` leaves tests out, and is no choice of tests.
    """
    layout, project = settings.layout, settings.project
    with tempfile.TemporaryDirectory(prefix="headrace-test-") as scratch:

        def steps(sessions: Iterable[Session]) -> list[Step]:
            return [session.step(layout, Path(scratch), arguments) for session in sessions]

        if set(arguments) - {WITHOUT_FLINK}:
            return _sum_up(_one_after_another(steps(of_each_environment(layout)), project))
        provide_packages(os.environ, with_flink=WITHOUT_FLINK not in arguments)
        done = _one_after_another(checks(layout, project), project)
        return _sum_up([*done, *_side_by_side(steps(side_by_side(layout)), project)])


def _one_after_another(steps: Sequence[Step], project: Path) -> list[_Outcome]:
    return [_run(step, project, _to_the_terminal) for step in steps]


def _side_by_side(steps: Sequence[Step], project: Path) -> list[_Outcome]:
    with ThreadPoolExecutor(len(steps)) as threads:
        return list(threads.map(lambda step: _run(step, project, _line_by_line), steps))


def _run(step: Step, project: Path, start: Callable[[Step, Path], int]) -> _Outcome:
    _say(f"== {step.name}")
    begin = time.monotonic()
    code = start(step, project)
    seconds = time.monotonic() - begin
    if code != _NO_TESTS or step.report is None:
        _say(f"== {step.name}: {'ok' if code == 0 else 'FAILED'} ({seconds:.0f} s)")
    return _Outcome(step, code, seconds)


def _to_the_terminal(step: Step, project: Path) -> int:
    return subprocess.run(step.command, cwd=project, env=_environ(project), check=False).returncode


def _line_by_line(step: Step, project: Path) -> int:
    """Every line with the step's label before it."""
    with subprocess.Popen(
        step.command,
        cwd=project,
        env=_environ(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            _say(f"{step.label} | {line.rstrip()}")
    return process.returncode


def _say(line: str) -> None:
    """A whole line at once: other sessions print as well."""
    print(f"{line}\n", end="", flush=True)


def _environ(project: Path) -> dict[str, str]:
    return {**os.environ, "HEADRACE_PROJECT": str(project), "PYTHONPATH": str(project)}


def _sum_up(outcomes: Iterable[_Outcome]) -> int:
    counts, broken, empty, asked = Counts(), [], 0, 0
    failures: list[Failure] = []
    for outcome in outcomes:
        step, code = outcome.step, outcome.code
        asked += step.report is not None
        if step.report is not None and code == _NO_TESTS:
            empty += 1
            continue
        if step.report is None:
            counts += Counts(passed=1) if code == 0 else Counts(failed=1)
        else:
            counts += read_counts(step.report)
            failures += read_failures(step.report)
        if code != 0:
            broken.append(step.name)
    if asked and empty == asked:
        print("headrace: no test matches these arguments")
        return EXIT_USAGE
    if broken:
        print(f"failed: {', '.join(broken)}", *failures, sep="\n")
    print(counts, flush=True)
    return EXIT_FAILED if broken else EXIT_DONE
