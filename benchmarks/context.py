"""What every benchmark gets: where things are, and how often to measure."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from headrace.settings import Settings


@dataclass(frozen=True)
class Context:
    """
    Attributes:
        scratch: an empty directory for this benchmark, removed afterwards.
        log: a file for what the measured processes print.
        repeats: counted runs of each subject.
        size: how many times over a benchmark of much data takes its data.
        flights: so many flights for the benchmark of that name, for a trial; None is all.
        runs: so many runs of penguins at once, for the benchmark of concurrency.
        minutes: so long soak watches.
        faults: a benchmark that judges says here what does not hold.
    """

    settings: Settings
    scratch: Path
    log: Path
    repeats: int
    size: int
    flights: int | None = None
    runs: int = 20
    minutes: float = 120.0
    faults: list[str] = field(default_factory=list)

    def environ(self, **extra: str) -> dict[str, str]:
        """The environment of a measured process: the caller's, headrace's own settings apart."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HEADRACE_", "AIRFLOW"))}
        project = str(self.settings.project)
        # Byte code is cached on a user's machine too; without it every start compiles TFX again.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return {**kept, "HEADRACE_PROJECT": project, "PYTHONPATH": project, **extra}
