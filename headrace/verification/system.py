"""System packages that some tests need: installed in CI, named elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_POSTGRESQL = Path("/usr/lib/postgresql")
_APT = "apt-get"


def missing_packages() -> list[str]:
    """Debian names of the packages whose tests would be skipped here."""
    has_server = bool(shutil.which("initdb")) or any(_POSTGRESQL.glob("*/bin/initdb"))
    return [] if has_server else ["postgresql"]


def may_install(environ: Mapping[str, str]) -> bool:
    """Whether system packages may be installed: only in CI, and only as root of a Debian."""
    return environ.get("CI") == "true" and os.getuid() == 0 and shutil.which(_APT) is not None


def provide_packages(environ: Mapping[str, str]) -> None:
    """Install what is missing where that is allowed, otherwise say what it is.

    A package that cannot be had is no error here: its tests are skipped, with the reason.
    """
    missing = missing_packages()
    if not missing:
        return
    command = [_APT, "install", "-y", "--no-install-recommends", *missing]
    if not may_install(environ):
        names = ", ".join(missing)
        print(f"tests that need {names} are skipped; to have them: {' '.join(command)}")
        return
    quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in ([_APT, "update"], command):
        print(f"== {' '.join(step)}", flush=True)
        subprocess.run(step, env=quiet, stdout=subprocess.DEVNULL, check=False)
