"""The sessions that run at once share the tests out: each test is one session's, and only one's."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.layout import Layout
from headrace.verification.sessions import (
    ON_FLINK,
    PLATFORMS,
    Session,
    of_each_environment,
    side_by_side,
)

ROOT = Path(__file__).parents[3]
ELSEWHERE = ("tests/unit", "tests/integration/flink")
"""Whose names begin as those of the folders that are apart do, or that lie beside them."""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def collected(session: Session, layout: Layout, project: Path, *arguments: str) -> list[str]:
    """The tests that its command finds, by this interpreter."""
    _, *command = session.step(layout, project, arguments).command
    options = ("--collect-only", "-q", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, *command, *options],
        cwd=project,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


@pytest.mark.parametrize("environment", [0, 1], ids=["Airflow", "TFX"])
def test_each_test_of_an_environment_is_in_one_of_its_sessions(
    environment: int, layout: Layout, tmp_path: Path
) -> None:
    folders = (*ON_FLINK, *PLATFORMS, *ELSEWHERE)
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "test_it.py").write_text("def test_it(): pass\n")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\ntestpaths = tests\naddopts = --import-mode=importlib\n"
    )
    whole = of_each_environment(layout)[environment]
    parts = [part for part in side_by_side(layout) if part.python == whole.python]
    assert len(parts) == 2
    found = Counter(test for part in parts for test in collected(part, layout, tmp_path))
    assert found == Counter(collected(whole, layout, tmp_path))
    assert set(found.values()) == {1}
    assert len(found) == len(folders)


@pytest.mark.parametrize("sessions", [of_each_environment, side_by_side])
def test_sessions_share_no_label_no_report_and_no_cache(
    sessions: Callable[[Layout], list[Session]], layout: Layout, tmp_path: Path
) -> None:
    steps = [session.step(layout, tmp_path, ()) for session in sessions(layout)]
    caches = [part for step in steps for part in step.command if part.startswith("cache_dir=")]
    for values in (caches, [step.report for step in steps], [step.label for step in steps]):
        assert len(set(values)) == len(steps)


@pytest.mark.parametrize("folder", [*ON_FLINK, *PLATFORMS])
def test_a_folder_that_is_apart_is_there(folder: str) -> None:
    assert list((ROOT / folder).rglob("test_*.py"))
