"""Where Flink keeps what is its own, below the state directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headrace.layout import Layout
from headrace.settings import Settings


@dataclass(frozen=True)
class FlinkPaths:
    """Directories and files of the cluster; nothing is created by naming them."""

    layout: Layout

    @property
    def home(self) -> Path:
        return self.layout.home / "flink"

    @property
    def distribution(self) -> Path:
        """Flink's jars, from its distribution on the package index."""
        return self.home / "distribution"

    @property
    def starts(self) -> Path:
        """What one start of the cluster needs, a directory each, removed when it stops."""
        return self.home / "starts"

    @property
    def checkpoints(self) -> Path:
        return self.home / "checkpoints"

    @property
    def savepoints(self) -> Path:
        return self.home / "savepoints"

    @property
    def archive(self) -> Path:
        """What is kept of each job that ended, for the web UI after a restart."""
        return self.home / "archive"

    @property
    def logs(self) -> Path:
        return self.layout.logs / "flink"

    @property
    def jars(self) -> Path:
        """Runner jars that were built here."""
        return self.layout.cache / "flink"

    @property
    def state(self) -> Path:
        return self.layout.runtime / "flink.json"

    @property
    def lock(self) -> Path:
        return self.layout.runtime / "flink.lock"


def flink_paths(settings: Settings) -> FlinkPaths:
    """The paths of the settings' state directory."""
    return FlinkPaths(settings.layout)
