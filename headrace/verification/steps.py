"""A step of the verification, and the checks that need no tests."""

from __future__ import annotations

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
