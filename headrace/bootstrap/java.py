"""Finds a Java that Flink runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

USABLE_VERSIONS = (11, 17)
INSTALLED_JAVAS = Path("/usr/lib/jvm")
_SECONDS = 30


@dataclass(frozen=True)
class Java:
    """A Java installation: its ``java`` program and its major version."""

    program: Path
    version: int

    @property
    def home(self) -> Path:
        """The directory that ``JAVA_HOME`` names."""
        return self.program.resolve().parent.parent

    @property
    def is_usable(self) -> bool:
        return self.version in USABLE_VERSIONS


def find_java(environ: Mapping[str, str], installed: Path = INSTALLED_JAVAS) -> Java | None:
    """Return the first usable Java: of JAVA_HOME, on PATH, then of those that are installed.

    If none is usable, the first that runs at all; None if there is none.
    """
    first = None
    for program in _programs(environ, installed):
        version = java_version(program, environ)
        if version is not None:
            java = Java(program, version)
            if java.is_usable:
                return java
            first = first or java
    return first


def java_version(program: Path, environ: Mapping[str, str]) -> int | None:
    """Return the major version that a ``java`` program says it has; None if it does not run."""
    try:
        result = subprocess.run(
            [str(program), "-version"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', result.stdout)
    return int(match[1]) if match and result.returncode == 0 else None


def _programs(environ: Mapping[str, str], installed: Path) -> Iterator[Path]:
    if environ.get("JAVA_HOME"):
        yield Path(environ["JAVA_HOME"], "bin", "java")
    on_path = shutil.which("java", path=environ.get("PATH", os.defpath))
    if on_path:
        yield Path(on_path)
    for version in reversed(USABLE_VERSIONS):
        yield from sorted(installed.glob(f"*{version}*/bin/java"))
