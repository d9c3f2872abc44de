"""Flink's jars: its distribution on the package index, or one that the user has."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from headrace.bootstrap import disks
from headrace.bootstrap.installer import ready_installer
from headrace.bootstrap.locking import setup_lock
from headrace.bootstrap.machine import running_interpreter
from headrace.bootstrap.progress import Progress
from headrace.bootstrap.running import Runner, clean_environment, disk_full, nearest_existing
from headrace.bootstrap.stamps import digest
from headrace.errors import HeadraceError, UsageError
from headrace.flink.paths import FlinkPaths
from headrace.settings import Settings

RUNNER_FOR = "1.19"
"""The Flink that the runner jar is built for."""

_ROOT = Path(__file__).resolve().parents[2]
_BYTES = 500_000_000
"""Download, build and installed files; measured: 235 MB each of the last two."""
_PARTS = ("lib", "plugins", "opt", "bin", "licenses", "README.txt")


@dataclass(frozen=True)
class Distribution:
    """A directory with Flink's ``lib`` and ``bin``, and the version of the Flink in it."""

    home: Path
    version: str

    @property
    def class_path(self) -> tuple[Path, ...]:
        return tuple(sorted((self.home / "lib").glob("*.jar")))

    @property
    def memory_tool(self) -> Path:
        """The jar with Flink's own computation of memory sizes."""
        return self.home / "bin" / "bash-java-utils.jar"


def provide_distribution(settings: Settings, paths: FlinkPaths, progress: Progress) -> Distribution:
    """Return Flink's jars, installed if they are not there yet.

    Raises:
        UsageError: ``flink_home`` names no usable distribution.
        HeadraceError: they cannot be installed.
    """
    if settings.flink.home is not None:
        return _of_user(settings.flink.home)
    lock = _ROOT / "requirements" / "flink.txt"
    if not lock.is_file():
        raise HeadraceError(
            "Flink's jars are installed by a checkout of headrace only",
            f"let flink_home name an unpacked Flink {RUNNER_FOR}",
        )
    home = paths.distribution / digest(lock.read_bytes())[:12]
    found = read_distribution(home)
    return found if found is not None else _install(settings, paths, lock, home, progress)


def read_distribution(home: Path) -> Distribution | None:
    """Return the distribution in a directory; None if there is none, or half of one."""
    dist = sorted((home / "lib").glob("flink-dist-*.jar"))
    match = re.fullmatch(r"flink-dist-(\d+\.\d+\S*)\.jar", dist[0].name) if dist else None
    if match is None or not (home / "bin" / "bash-java-utils.jar").is_file():
        return None
    return Distribution(home, match[1])


def _of_user(home: Path) -> Distribution:
    found = read_distribution(home)
    if found is None:
        raise UsageError(
            f"flink_home: {home} is no Flink distribution",
            "it must have lib/flink-dist-VERSION.jar and bin/bash-java-utils.jar",
        )
    if not found.version.startswith(f"{RUNNER_FOR}."):
        raise UsageError(
            f"flink_home: {home} has Flink {found.version}",
            f"Beam's runner is for Flink {RUNNER_FOR}",
        )
    return found


def _install(
    settings: Settings, paths: FlinkPaths, lock: Path, home: Path, progress: Progress
) -> Distribution:
    layout = settings.layout
    written = (layout.home, disks.uv_cache(os.environ))
    if shutil.disk_usage(nearest_existing(layout.home)).free < _BYTES:
        raise disk_full(written)

    def waiting(holder: str) -> None:
        progress.say(f"Flink is being installed already, by process {holder}; waiting for it")

    with setup_lock(paths.home / ".lock", waiting) as descriptor:
        found = read_distribution(home)
        if found is not None:
            return found
        for left in paths.distribution.glob(".install-*"):
            shutil.rmtree(left, ignore_errors=True)
        environ = clean_environment(os.environ)
        runner = Runner(progress, environ, descriptor, layout.logs / "flink-setup.log", written)
        paths.distribution.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".install-", dir=paths.distribution) as name:
            aside = Path(name)
            with progress.step("installing Flink (235 MB)"):
                _download(settings, runner, lock, aside / "packages")
            made = aside / "made"
            made.mkdir()
            for part in _PARTS:
                source = aside / "packages" / "pyflink" / part
                if source.exists():
                    source.rename(made / part)
            found = read_distribution(made)
            if found is None:
                raise HeadraceError("what the package index has as Flink holds no Flink")
            shutil.rmtree(home, ignore_errors=True)
            made.rename(home)
        _forget_others(paths, home)
    return replace(found, home=home)


def _download(settings: Settings, runner: Runner, lock: Path, into: Path) -> None:
    """Install the package aside; from the installer's cache alone where that has it."""
    interpreter = running_interpreter()
    options = ["--no-deps", "--require-hashes"]
    for offline in (True, False):
        installer = ready_installer(settings.layout, _ROOT, interpreter, runner, offline)
        target: list[str | Path] = ["--target", into, "--python", interpreter.executable]
        target += ["--build-constraints", _ROOT / "requirements" / "build.txt"]
        target += installer.options
        try:
            installer.runner.run(
                "Flink",
                [installer.uv, "pip", "install", *target, *options, "-r", lock],
            )
            return
        except HeadraceError:
            if not offline:
                raise
            runner.progress.detail("downloading")
            shutil.rmtree(into, ignore_errors=True)


def _forget_others(paths: FlinkPaths, home: Path) -> None:
    for other in paths.distribution.iterdir():
        if other != home:
            shutil.rmtree(other, ignore_errors=True)
