"""A plugin of pytest (``-p tests.bad_input.counting``) that says what a campaign has tried."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.bad_input.cases import CASES, RESULTS_VARIABLE
from tests.documents import PROJECT

_found: list[dict[str, object]] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" and report.passed:
        return
    path, _, name = report.nodeid.partition("::")
    if path.endswith("test_bad_input.py"):
        _found.append(
            {
                "parser": path.removeprefix("tests/unit/").removesuffix("/test_bad_input.py"),
                "property": name,
                "cases": CASES.get(f"{PROJECT / path}::{name}", 1),
                "seconds": report.duration,
                "failure": "" if report.passed else report.longreprtext,
            }
        )


def pytest_sessionfinish() -> None:
    folder = os.environ.get(RESULTS_VARIABLE)
    if folder and _found:
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(_found))
        Path(folder, f"{os.getpid()}.case").unlink(missing_ok=True)
