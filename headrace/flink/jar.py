"""The runner jar: Beam's portable Flink runner, built by Maven and kept."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import zipfile
from collections import deque
from pathlib import Path

from headrace.bootstrap.java import Java
from headrace.bootstrap.locking import setup_lock
from headrace.bootstrap.machine import without_credentials
from headrace.bootstrap.progress import Progress
from headrace.bootstrap.running import disk_full, nearest_existing
from headrace.bootstrap.stamps import digest
from headrace.errors import HeadraceError, UsageError
from headrace.flink.java_classes import put_in_classes
from headrace.flink.paths import FlinkPaths
from headrace.flink.tools import require_java, require_maven
from headrace.settings import Settings

SOURCES = Path(__file__).with_name("runner_jar")
"""A ``pom.xml``, and below it Java classes of ours that take the places of Beam's."""
ENTRY_CLASS = "org.apache.beam.runners.flink.FlinkPipelineRunner"

_BYTES = 700_000_000
"""The jar twice, and Maven's own copies of its parts; measured: 520 MB."""
_TAIL_LINES = 400
_SHOWN_LINES = 12
_DISK_SIGNS = ("no space left on device", "disk quota exceeded")
_NETWORK_SIGNS = (
    "could not transfer artifact",
    "unknown host",
    "connection refused",
    "connect timed out",
    "network is unreachable",
    "in offline mode",
    "temporary failure in name resolution",
)


def provide_jar(settings: Settings, paths: FlinkPaths, progress: Progress) -> Path:
    """Return the runner jar, built if it is not there yet.

    Raises:
        UsageError: ``flink_jar`` names no runner jar.
        HeadraceError: it cannot be built; the message says what to do.
    """
    if settings.flink.jar is not None:
        return require_runner_jar(settings.flink.jar)
    jar = built_jar(paths)
    return jar if jar.is_file() else _build(jar, paths, progress)


def built_jar(paths: FlinkPaths) -> Path:
    """Where the jar of the present sources is, or will be."""
    files = [SOURCES / "pom.xml", *java_sources()]
    content = digest(*(file.read_bytes() for file in files))
    return paths.jars / f"beam-flink-runner-{content[:12]}.jar"


def java_sources() -> list[Path]:
    """Our own classes in the jar."""
    return sorted(SOURCES.rglob("*.java"))


def require_runner_jar(jar: Path) -> Path:
    """Return the jar if it has Beam's Flink runner in it.

    Raises:
        UsageError: it does not, or is no jar.
    """
    try:
        with zipfile.ZipFile(jar) as archive:
            archive.getinfo(ENTRY_CLASS.replace(".", "/") + ".class")
    except FileNotFoundError:
        raise UsageError(f"flink_jar: there is no file {jar}") from None
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        why = "has no Flink runner of Beam in it" if isinstance(error, KeyError) else str(error)
        raise UsageError(
            f"flink_jar: {jar} cannot be used: {why}",
            "name a Beam Flink job-server jar, or leave it out to have one built",
        ) from None
    return jar


def _build(jar: Path, paths: FlinkPaths, progress: Progress) -> Path:
    java, maven = require_java(), require_maven()
    if shutil.disk_usage(nearest_existing(paths.jars)).free < _BYTES:
        raise disk_full([paths.layout.home])

    def waiting(holder: str) -> None:
        progress.say(f"the runner jar is being built already, by process {holder}; waiting for it")

    with setup_lock(paths.jars / ".lock", waiting) as descriptor:
        if jar.is_file():
            return jar
        for left in paths.jars.glob(".build-*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=paths.jars) as name:
            work = Path(name)
            shutil.copy(SOURCES / "pom.xml", work / "pom.xml")
            with progress.step("building Beam's runner for Flink with Maven"):
                _run_maven(maven, work, java, paths, progress, descriptor)
                made = work / "target" / "beam-flink-runner.jar"
                require_runner_jar(made)
                put_in_classes(java_sources(), made, java, progress)
            os.replace(made, jar)
        for older in paths.jars.glob("beam-flink-runner-*.jar"):
            if older != jar:
                older.unlink(missing_ok=True)
    return jar


def _run_maven(
    maven: str, work: Path, java: Java, paths: FlinkPaths, progress: Progress, lock: int
) -> None:
    log = paths.layout.logs / "flink-jar.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [maven, "--batch-mode", "--file", str(work / "pom.xml"), "package"],
        env={**os.environ, "JAVA_HOME": str(java.home)},
        cwd=work,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        pass_fds=(lock,),
    )
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    try:
        assert process.stdout is not None
        with log.open("w", encoding="utf-8") as file:
            for raw in process.stdout:
                line = without_credentials(re.sub(r"\x1b\[[0-9;]*m", "", raw.rstrip()))
                if line:
                    tail.append(line)
                    progress.detail(line.removeprefix("[INFO] "))
                    file.write(line + "\n")
        code = process.wait()
    except BaseException:
        _end(process)
        raise
    if code != 0:
        raise explain_failure(list(tail), code, log, paths.layout.home)


def explain_failure(lines: list[str], code: int, log: Path, home: Path) -> HeadraceError:
    """Return the error for a build that failed, with what Maven said last of it."""
    text = "\n".join(lines).lower()
    if any(sign in text for sign in _DISK_SIGNS):
        return disk_full([home, Path.home()])
    said = [line for line in lines if line.startswith("[ERROR]") and line != "[ERROR]"]
    # Below its reason Maven explains how to use Maven.
    reason = [line for line in said if "[Help 1]" in line or not line.startswith("[ERROR] To ")]
    shown = "\n".join(f"    {line[:400]}" for line in (reason or lines)[:_SHOWN_LINES])
    if any(sign in text for sign in _NETWORK_SIGNS):
        hint = (
            "check the network; Maven takes mirrors and proxies from ~/.m2/settings.xml, not from "
            "HTTPS_PROXY. HEADRACE_FLINK_JAR can name a jar that was built elsewhere"
        )
    else:
        hint = "HEADRACE_FLINK_JAR can name a jar that was built elsewhere"
    ended = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"failed ({code})"
    return HeadraceError(
        f"Beam's runner for Flink cannot be built: Maven {ended}:\n{shown}",
        f"{hint}\neverything it said: {log}",
    )


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    process.kill()
    process.wait()
