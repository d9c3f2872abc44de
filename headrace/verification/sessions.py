"""The pytest sessions: which environment's Python runs which tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from headrace.layout import Layout
from headrace.verification.steps import Step

PLATFORMS = ("tests/e2e",)
"""Tests of Airflow's environment that start whole platforms, and wait for them."""
ON_FLINK = ("tests/integration/flink_runner", "tests/integration/pipelines")
"""Tests of TFX's environment that have Beam jobs run on a Flink cluster, and wait for it.

Those of pipelines look at direct runs that the others compare Flink's with: both in one session
share them.
"""


@dataclass(frozen=True)
class Session:
    """Tests that one pytest runs.

    Attributes:
        label: its name in front of its lines.
        tests: what they are, in words.
        choice: pytest's arguments that select them of those of the environment.
    """

    label: str
    tests: str
    python: Path
    choice: tuple[str, ...] = ()

    def step(self, layout: Layout, reports: Path, arguments: Sequence[str]) -> Step:
        """The command, with ``arguments`` of the user."""
        report = reports / f"{self.label}.xml"
        options = (
            "-u",  # its progress is read through a pipe
            "-m",
            "pytest",
            f"--junitxml={report}",
            "-o",
            f"cache_dir={layout.cache / 'pytest' / self.label}",
        )
        command = (str(self.python), *options, *self.choice, *arguments)
        return Step(f"tests {self.tests}", command, report, f"{self.label:<8}")


def of_each_environment(layout: Layout) -> list[Session]:
    """One for each environment, because the two cannot share one."""
    return [
        Session("Airflow", "of the Airflow environment", layout.airflow_python),
        Session("TFX", "of the TFX environment", layout.tfx_python),
    ]


def side_by_side(layout: Layout) -> list[Session]:
    """Two for each environment, to run at once: one takes some folders, the other all but those."""
    airflow, tfx = of_each_environment(layout)
    return [
        _without(airflow, PLATFORMS),
        Session("Platform", "of whole platforms", airflow.python, PLATFORMS),
        _without(tfx, ON_FLINK),
        Session("Flink", "on Flink and of pipelines", tfx.python, ON_FLINK),
    ]


def _without(session: Session, folders: tuple[str, ...]) -> Session:
    return replace(session, choice=tuple(f"--ignore={folder}" for folder in folders))
