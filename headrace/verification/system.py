"""System packages that some tests need: installed in CI, named elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.bootstrap.java import find_java

_POSTGRESQL = Path("/usr/lib/postgresql")
_APT = "apt-get"


@dataclass(frozen=True)
class Package:
    """A package that is missing: its Debian name, and what becomes of the tests that need it."""

    name: str
    without_it: str


def missing_packages(environ: Mapping[str, str], with_flink: bool) -> list[Package]:
    """The packages whose tests cannot run here."""
    found = []
    if not shutil.which("initdb") and not any(_POSTGRESQL.glob("*/bin/initdb")):
        found.append(Package("postgresql", "are skipped"))
    if not shutil.which("mariadbd", path=f"{environ.get('PATH', os.defpath)}:/usr/sbin"):
        found.append(Package("mariadb-server", "are skipped"))
    if not shutil.which("chromedriver"):
        found.append(Package("chromium-driver", "are skipped"))
    if with_flink:
        java = find_java(environ)
        if java is None or not java.is_usable:
            found.append(Package("openjdk-17-jdk-headless", "fail, but for --without-flink"))
        if not shutil.which("mvn") and not environ.get("HEADRACE_FLINK_JAR"):
            found.append(Package("maven", "fail, but for --without-flink"))
    return found


def may_install(environ: Mapping[str, str]) -> bool:
    """Whether system packages may be installed: only in CI, and only as root of a Debian."""
    return environ.get("CI") == "true" and os.getuid() == 0 and shutil.which(_APT) is not None


def provide_packages(environ: Mapping[str, str], with_flink: bool) -> None:
    """Install what is missing where that is allowed, otherwise say what it is.

    A package that cannot be had is no error here: its tests say it.
    """
    missing = missing_packages(environ, with_flink)
    if not missing:
        return
    names = [package.name for package in missing]
    command = [_APT, "install", "-y", "--no-install-recommends", *names]
    if not may_install(environ):
        for package in missing:
            print(f"tests that need {package.name} {package.without_it}")
        print(f"to have them run: {' '.join(command)}")
        return
    quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in ([_APT, "update"], command):
        print(f"== {' '.join(step)}", flush=True)
        subprocess.run(step, env=quiet, stdout=subprocess.DEVNULL, check=False)
