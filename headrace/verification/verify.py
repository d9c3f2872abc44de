"""Runs the checks and the test sessions, and sums them up in one line."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from headrace.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from headrace.settings import Settings
from headrace.verification.report import Counts, read_counts
from headrace.verification.steps import Step, checks, test_sessions
from headrace.verification.system import provide_packages

WITHOUT_FLINK = "--without-flink"
_NO_TESTS = 5
"""pytest's exit code where its arguments select no test."""


def verify(settings: Settings, arguments: Sequence[str]) -> int:
    """Run everything, or with ``arguments`` only pytest with them; return the exit code.

    ``--without-flink`` leaves tests out, and is no choice of tests.
    """
    with tempfile.TemporaryDirectory(prefix="headrace-test-") as scratch:
        steps = test_sessions(settings.layout, Path(scratch), arguments)
        if not set(arguments) - {WITHOUT_FLINK}:
            provide_packages(os.environ, with_flink=WITHOUT_FLINK not in arguments)
            steps = checks(settings.layout, settings.project) + steps
        return _run(steps, settings.project)


def _run(steps: Sequence[Step], project: Path) -> int:
    counts, broken, empty = Counts(), [], 0
    for step in steps:
        code, seconds = _run_one(step, project)
        if step.report is None:
            outcome = Counts(passed=1) if code == 0 else Counts(failed=1)
        elif code == _NO_TESTS:
            empty += 1
            continue
        else:
            outcome = read_counts(step.report)
        counts += outcome
        if code != 0:
            broken.append(step.name)
        print(f"== {step.name}: {'ok' if code == 0 else 'FAILED'} ({seconds:.0f} s)", flush=True)
    asked = sum(step.report is not None for step in steps)
    if asked and empty == asked:
        print("headrace: no test matches these arguments")
        return EXIT_USAGE
    if broken:
        print(f"failed: {', '.join(broken)}")
    print(counts, flush=True)
    return EXIT_FAILED if broken else EXIT_DONE


def _run_one(step: Step, project: Path) -> tuple[int, float]:
    print(f"== {step.name}", flush=True)
    start = time.monotonic()
    environ = {**os.environ, "HEADRACE_PROJECT": str(project), "PYTHONPATH": str(project)}
    completed = subprocess.run(step.command, cwd=project, env=environ, check=False)
    return completed.returncode, time.monotonic() - start
