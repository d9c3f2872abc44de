"""Where headrace keeps what a run creates: the paths below one state directory, ``.headrace``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

STATE_DIRECTORY = ".headrace"
_PROJECT_MARKERS = ("headrace.toml", STATE_DIRECTORY, "pyproject.toml", ".git")


def find_project(start: Path) -> Path:
    """Return the project that ``start`` (a file or a directory) belongs to.

    ``HEADRACE_PROJECT`` wins; otherwise the nearest directory at or above ``start`` that has a
    ``headrace.toml``, ``.headrace``, ``pyproject.toml`` or ``.git``; otherwise ``start`` itself.
    """
    named = os.environ.get("HEADRACE_PROJECT")
    if named:
        return Path(named).expanduser().resolve()
    directory = start.resolve()
    if not directory.is_dir():
        directory = directory.parent
    for candidate in (directory, *directory.parents):
        if any((candidate / marker).exists() for marker in _PROJECT_MARKERS):
            return candidate
    return directory


@dataclass(frozen=True)
class Layout:
    """The directories and files below a state directory. Nothing is created by naming it."""

    home: Path

    @property
    def environments(self) -> Path:
        return self.home / "envs"

    @property
    def tfx_python(self) -> Path:
        return self.environments / "tfx" / "bin" / "python"

    @property
    def airflow_python(self) -> Path:
        return self.environments / "airflow" / "bin" / "python"

    @property
    def cache(self) -> Path:
        """What can be fetched or computed again: repaired wheels, downloaded jars."""
        return self.home / "cache"

    @property
    def ir(self) -> Path:
        """Compiled pipelines, content-addressed, and the manifest of each target."""
        return self.home / "ir"

    @property
    def artifacts(self) -> Path:
        """The default artifact root."""
        return self.home / "artifacts"

    @property
    def metadata_database(self) -> Path:
        """The default ML Metadata store, an SQLite file."""
        return self.home / "metadata.sqlite"

    @property
    def backups(self) -> Path:
        """Copies of the metadata store."""
        return self.home / "backups"

    @property
    def runtime(self) -> Path:
        """Sockets, pid files and locks of running servers; mode 0700."""
        return self.home / "run"

    @property
    def runs(self) -> Path:
        """Runs of ``headrace run``: what each was asked to do, and the logs of its nodes."""
        return self.home / "runs"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def airflow_home(self) -> Path:
        return self.home / "airflow"
