"""Which environment's session collects what is named on the command line; this one is Airflow's."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OURS = "tests/unit/verification/test_system.py"
TFX_FILE = "tests/unit/compiler/test_names.py"


def collect(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    return subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "named",
    [
        TFX_FILE,
        f"{TFX_FILE}::test_x",
        "tests/unit/compiler",
        "tests/integration/compiler",
        "tests/unit/pipelines/test_flights_model.py",  # has a conftest that imports TFX
    ],
)
def test_what_is_the_other_environments_is_no_test_here_and_no_error(named: str) -> None:
    done = collect(named)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "these tests are the other environment's" in done.stdout + done.stderr


def test_what_is_ours_is_collected_beside_it() -> None:
    done = collect(TFX_FILE, OURS)
    assert done.returncode == 0
    assert "test_system.py" in done.stdout
    assert "test_names.py" not in done.stdout


def test_a_file_that_is_not_there_is_still_an_error() -> None:
    assert collect("tests/unit/nowhere.py").returncode == pytest.ExitCode.USAGE_ERROR
