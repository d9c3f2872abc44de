"""The checks and test sessions, as commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.layout import Layout

LINTED = ("headrace", "components", "pipelines", "dags", "tests", "benchmarks")


@dataclass(frozen=True)
class Step:
    """One command of the verification.

    Attributes:
        report: the JUnit file it writes, for a test session; None for a check.
        label: stands before its lines where two run at once.
    """

    name: str
    command: tuple[str, ...]
    report: Path | None = None
    label: str = ""


def checks(layout: Layout, project: Path) -> list[Step]:
    """Lint, format, types and import contracts; each needs seconds."""
    tools = layout.airflow_python.parent
    folders = tuple(folder for folder in LINTED if (project / folder).is_dir())
    ruff = str(tools / "ruff")
    return [
        Step("lint", (ruff, "check", *folders)),
        Step("format", (ruff, "format", "--check", *folders)),
        Step("types", (str(tools / "mypy"),)),
        Step("import contracts", (str(tools / "lint-imports"),)),
    ]


def test_sessions(layout: Layout, reports: Path, arguments: Sequence[str]) -> list[Step]:
    """One pytest session for each environment, because the two cannot share one."""
    pythons = {"Airflow": layout.airflow_python, "TFX": layout.tfx_python}
    return [
        Step(
            f"tests of the {side} environment",
            (
                str(python),
                "-u",  # its progress is read through a pipe
                "-m",
                "pytest",
                f"--junitxml={reports / side}.xml",
                "-o",
                f"cache_dir={layout.cache / 'pytest' / side}",
                *arguments,
            ),
            report=reports / f"{side}.xml",
            label=f"{side:<7}",
        )
        for side, python in pythons.items()
    ]
