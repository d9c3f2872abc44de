"""Compiles Java classes of ours and puts them into a jar, where they may replace others."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from headrace.bootstrap.java import Java
from headrace.bootstrap.progress import Progress
from headrace.errors import HeadraceError

_RELEASE = "11"
"""The oldest Java that Flink 1.19 runs on."""
_SHOWN_LINES = 12


def put_in_classes(sources: Sequence[Path], jar: Path, java: Java, progress: Progress) -> bool:
    """Compile the sources against the jar and put the classes into it.

    A Java without a compiler cannot; then the jar stays as it is.

    Args:
        java: the installation whose ``javac`` and ``jar`` do it.

    Returns:
        Whether they are in it.

    Raises:
        HeadraceError: they do not compile.
    """
    javac, packer = (java.home / "bin" / name for name in ("javac", "jar"))
    if not (os.access(javac, os.X_OK) and os.access(packer, os.X_OK)):
        progress.say(
            f"{java.home} has no Java compiler: slots of a TaskManager will share harnesses, and "
            "what these call will listen on every interface; with a JDK, build the jar again"
        )
        return False
    with tempfile.TemporaryDirectory(prefix="classes-", dir=jar.parent) as name:
        classes = Path(name)
        files = [str(source) for source in sources]
        _run([str(javac), "--release", _RELEASE, "-cp", str(jar), "-d", name, *files])
        _run([str(packer), "--update", "--file", str(jar), "-C", str(classes), "."])
    return True


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join(f"    {line}" for line in done.stdout.splitlines()[:_SHOWN_LINES])
        raise HeadraceError(
            f"Beam's runner for Flink cannot be built: {Path(command[0]).name} failed "
            f"({done.returncode}):\n{said}",
            "HEADRACE_FLINK_JAR can name a jar that was built elsewhere",
        )
