"""One Airflow installation below the state directory: its home, state file and logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headrace.settings import Settings


@dataclass(frozen=True)
class Instance:
    """Where one Airflow keeps what is its own.

    Attributes:
        home: its ``AIRFLOW_HOME``: database, task logs, passwords.
        state: the file that says which processes run it.
        throwaway: it is made for one use, and has its own database whatever the user has set.
    """

    settings: Settings
    home: Path
    state: Path
    throwaway: bool = False

    @property
    def logs(self) -> Path:
        """Logs of its components; those of tasks are Airflow's own, below ``home``."""
        return self.home / "components"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.json"

    @property
    def passwords(self) -> Path:
        return self.home / "passwords.json"

    @property
    def lock(self) -> Path:
        return self.state.with_suffix(".lock")


def main_instance(settings: Settings) -> Instance:
    """The instance of ``headrace up``."""
    layout = settings.layout
    return Instance(settings, layout.airflow_home, layout.runtime / "airflow.json")


def demo_instance(settings: Settings, name: str) -> Instance:
    """A throwaway instance of one demo."""
    home = settings.home / "demo" / name
    return Instance(settings, home, home / "airflow.json", throwaway=True)
