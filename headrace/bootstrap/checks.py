"""What a machine has and lacks for the set-up, each with the command that mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from headrace.bootstrap import disks
from headrace.bootstrap.java import INSTALLED_JAVAS, find_java
from headrace.bootstrap.machine import Interpreter, Machine, proxy_of
from headrace.bootstrap.wheels import OLDEST_GLIBC, PUBLISHED_GLIBC

_GIGABYTE = 10**9
_ENOUGH_MEMORY = 6 * _GIGABYTE
_NETWORK_SECONDS = 20

# What a need is called in each family of distributions; {python} is python3.12 and the like.
PACKAGES: Mapping[str, Mapping[str, str]] = {
    "c++": {"debian": "g++", "ubuntu": "g++", "fedora": "gcc-c++", "rhel": "gcc-c++",
            "centos": "gcc-c++", "suse": "gcc-c++", "arch": "gcc", "alpine": "g++"},
    "headers": {"debian": "{python}-dev", "ubuntu": "{python}-dev", "fedora": "{python}-devel",
                "rhel": "{python}-devel", "centos": "{python}-devel", "suse": "{suse}-devel",
                "alpine": "python3-dev"},
    "venv": {"debian": "{python}-venv", "ubuntu": "{python}-venv", "fedora": "{python}",
             "rhel": "{python}", "centos": "{python}", "suse": "{suse}"},
    "java": {"debian": "openjdk-17-jdk-headless", "ubuntu": "openjdk-17-jdk-headless",
             "fedora": "java-17-openjdk-devel", "rhel": "java-17-openjdk-devel",
             "centos": "java-17-openjdk-devel", "suse": "java-17-openjdk-devel",
             "arch": "jdk17-openjdk"},
    "maven": dict.fromkeys(
        ("debian", "ubuntu", "fedora", "rhel", "centos", "suse", "arch", "darwin"), "maven"
    ),
    "postgresql": {"debian": "postgresql", "ubuntu": "postgresql", "fedora": "postgresql-server",
                   "rhel": "postgresql-server", "centos": "postgresql-server",
                   "suse": "postgresql-server", "arch": "postgresql"},
}  # fmt: skip


class Status(str, Enum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    """Needed for a part only; the set-up goes on."""
    MISSING = "missing"
    """Nothing is installed before this is mended."""


@dataclass(frozen=True)
class Check:
    """One thing that a machine has or lacks."""

    name: str
    status: Status
    found: str
    """What there is, and what it is needed for if it is not enough."""
    remedy: str = ""
    packages: tuple[str, ...] = ()
    """Packages of the distribution that mend it; all checks' together make one command."""

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "status": self.status.value, "packages": list(self.packages)}


@dataclass(frozen=True)
class Situation:
    """What the checks depend on."""

    machine: Machine
    interpreter: Interpreter
    include: Path
    environ: Mapping[str, str]
    home: Path
    new_bytes: int
    """Room that the environments still to be made take."""
    replaced: tuple[Path, ...]
    """Environments that are removed to be made again."""
    compiles: bool
    """A package has to be compiled."""
    downloads: bool
    """Something may have to be downloaded."""
    without_index: bool
    """pip or uv is told to ask no package index."""
    pip: tuple[str, ...]
    """A command that runs pip; empty: none was found."""
    has_installer: bool
    installed_javas: Path = INSTALLED_JAVAS


def setup_checks(situation: Situation) -> list[Check]:
    """Return what the set-up itself needs, looked at before it changes anything."""
    checks: list[Callable[[Situation], Check]] = [check_platform, check_python, check_venv]
    checks += [check_compiler, check_headers, check_disk, check_network]
    return [check(situation) for check in checks]


def optional_checks(situation: Situation) -> list[Check]:
    """Return what single commands need: Flink, and the tests."""
    return [check(situation) for check in (check_memory, check_java, check_maven, check_postgresql)]


def lacking(checks: Sequence[Check]) -> list[Check]:
    """Return the checks without which nothing is installed."""
    return [check for check in checks if check.status is Status.MISSING]


def check_platform(situation: Situation) -> Check:
    """TFX publishes compiled wheels for Linux on x86-64 with glibc only."""
    machine = situation.machine
    name = "platform"
    found = f"{machine.system} on {machine.architecture}"
    if machine.system != "linux" or machine.architecture not in ("x86_64", "amd64"):
        remedy = "use a Linux machine with an x86-64 processor, or a container on one"
        return Check(name, Status.MISSING, f"{found}: TFX has no wheels for it", remedy)
    if machine.glibc is None:
        remedy = "use a distribution with glibc (Debian, Ubuntu, Fedora, RHEL, ...)"
        return Check(name, Status.MISSING, f"{found} without glibc: TFX has no wheels", remedy)
    version = "{}.{}".format(*machine.glibc)
    if machine.glibc < OLDEST_GLIBC:
        oldest = "{}.{}".format(*OLDEST_GLIBC)
        remedy = "use a newer release: Debian 12, Ubuntu 22.04, RHEL 9 or newer"
        return Check(name, Status.MISSING, f"glibc {version}, needed is {oldest} or newer", remedy)
    how = "as published" if machine.glibc >= PUBLISHED_GLIBC else "repaired"
    return Check(name, Status.OK, f"{found}, glibc {version} (ml-metadata and TFDV: {how})")


def check_python(situation: Situation) -> Check:
    """The interpreter that the environments are made with."""
    interpreter = situation.interpreter
    if (3, 10) <= interpreter.version[:2] <= (3, 13):
        return Check("python", Status.OK, str(interpreter))
    return Check(
        "python",
        Status.MISSING,
        f"{interpreter}: needed is 3.10, 3.11, 3.12 or 3.13",
        "let HEADRACE_PYTHON name one of these",
    )


def check_venv(situation: Situation) -> Check:
    """Some distributions package the venv module's own pip apart from Python."""
    command = [str(situation.interpreter.executable), "-I", "-c", "import venv, ensurepip"]
    if _succeeds(command):
        return Check("python venv", Status.OK, "the venv module works")
    found = f"Python {situation.interpreter.short} has no working venv module"
    return _mended("python venv", Status.MISSING, found, situation, ("venv",))


def check_compiler(situation: Situation) -> Check:
    """pyfarmhash, which TFDV needs, has no wheel for Python 3.11 and newer."""
    compiler = find_compiler(situation.environ)
    if compiler:
        return Check("C++ compiler", Status.OK, compiler)
    if not situation.compiles:
        return Check("C++ compiler", Status.OK, "none, and none is needed")
    found = "none on PATH, and pyfarmhash (needed by TFX) has to be compiled"
    return _mended("C++ compiler", Status.MISSING, found, situation, ("c++",))


def check_headers(situation: Situation) -> Check:
    """Compiling pyfarmhash needs Python's own C headers."""
    header = situation.include / "Python.h"
    if header.is_file():
        return Check("Python headers", Status.OK, str(header))
    if not situation.compiles:
        return Check("Python headers", Status.OK, "none, and none are needed")
    found = f"no {header}, and pyfarmhash (needed by TFX) has to be compiled"
    return _mended("Python headers", Status.MISSING, found, situation, ("headers",))


def check_disk(situation: Situation) -> Check:
    """Room for the environments, and for the installer's cache where that is elsewhere."""
    rooms = disks.rooms_needed(
        situation.home, situation.environ, situation.new_bytes, situation.replaced
    )
    short = [room for room in rooms if room.free < room.needed]
    if short:
        return Check(
            "disk",
            Status.MISSING,
            "; ".join(str(room) for room in short),
            "free some room, or let HEADRACE_HOME and UV_CACHE_DIR name a larger disk",
        )
    return Check("disk", Status.OK, "; ".join(str(room) for room in rooms))


def check_network(situation: Situation) -> Check:
    """Whether the package index answers; asked only when something has to be downloaded."""
    name = "package index"
    if not situation.downloads:
        return Check(name, Status.OK, "not needed: the environments are made")
    if situation.without_index:
        return Check(name, Status.OK, "not asked: pip or uv is told to do without")
    if not situation.pip:
        return Check(name, Status.WARN, "not asked: this Python has no pip to ask with")
    command = [*situation.pip, "index", "versions", "uv", "--retries", "0", "--timeout"]
    if _succeeds([*command, str(_NETWORK_SECONDS - 5)], situation.environ):
        return Check(name, Status.OK, "answers")
    proxy = proxy_of(situation.environ)
    through = f" through the proxy {proxy}" if proxy else ""
    remedy = "check the network, HTTPS_PROXY and the index-url of pip's configuration"
    cached = disks.cached_bytes(disks.uv_cache(situation.environ), situation.new_bytes)
    if situation.has_installer and cached >= situation.new_bytes:
        found = f"does not answer{through}: only what uv's cache holds can be installed"
        return Check(name, Status.WARN, found, remedy)
    return Check(name, Status.MISSING, f"does not answer{through}", remedy)


def check_memory(situation: Situation) -> Check:
    """Airflow takes about 1.2 GB, each running TFX node 1 to 2 GB."""
    memory = situation.machine.memory
    if memory is None:
        return Check("memory", Status.WARN, "unknown")
    found = f"{memory / _GIGABYTE:.1f} GB"
    if memory >= _ENOUGH_MEMORY:
        return Check("memory", Status.OK, found)
    return Check("memory", Status.WARN, f"{found}: a TFX node may be killed for lack of memory",
                 f"use a machine with {_ENOUGH_MEMORY // _GIGABYTE} GB")  # fmt: skip


def check_java(situation: Situation) -> Check:
    """Flink runs on Java 11 or 17."""
    name = "Java (for --runner flink)"
    java = find_java(situation.environ, situation.installed_javas)
    if java is not None and java.is_usable:
        return Check(name, Status.OK, f"Java {java.version} ({java.program})")
    found = "none on PATH" if java is None else f"Java {java.version}, needed is 11 or 17"
    return _mended(name, Status.WARN, found, situation, ("java",))


def check_maven(situation: Situation) -> Check:
    """Maven fetches the jars of Beam's Flink runner."""
    return _tool_check("Maven (for --runner flink)", "mvn", "maven", situation)


def check_postgresql(situation: Situation) -> Check:
    """Tests of the metadata store start a PostgreSQL server of their own."""
    name = "PostgreSQL server (for headrace test)"
    for directory in _postgresql_directories(situation.environ):
        if all((directory / program).is_file() for program in ("initdb", "postgres")):
            return Check(name, Status.OK, str(directory))
    return _mended(name, Status.WARN, "no initdb and postgres", situation, ("postgresql",))


def find_compiler(environ: Mapping[str, str]) -> str:
    """Return a C++ compiler that compiles; empty if there is none."""
    names = [environ.get("CXX", "").split(" ")[0], "c++", "g++", "clang++"]
    for name in filter(None, names):
        path = shutil.which(name, path=environ.get("PATH", os.defpath))
        if path and _compiles(path, environ):
            return path
    return ""


def _compiles(compiler: str, environ: Mapping[str, str]) -> bool:
    # Run, because a compiler's driver may be there without its C++ part.
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory, "probe.cc")
        source.write_text("#include <string>\nint main() { return 0; }\n", encoding="ascii")
        return _succeeds([compiler, "-fsyntax-only", str(source)], environ)


def _succeeds(command: Sequence[str], environ: Mapping[str, str] | None = None) -> bool:
    return _output(command, environ) is not None


def _output(command: Sequence[str], environ: Mapping[str, str] | None = None) -> str | None:
    try:
        result = subprocess.run(
            command,
            env=None if environ is None else dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_NETWORK_SECONDS + 10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout if result.returncode == 0 else None


def _postgresql_directories(environ: Mapping[str, str]) -> list[Path]:
    on_path = shutil.which("initdb", path=environ.get("PATH", os.defpath))
    known = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    return [*([Path(on_path).parent] if on_path else []), *sorted(known, reverse=True)]


def _tool_check(name: str, program: str, need: str, situation: Situation) -> Check:
    path = shutil.which(program, path=situation.environ.get("PATH", os.defpath))
    if path:
        return Check(name, Status.OK, path)
    return _mended(name, Status.WARN, "none on PATH", situation, (need,))


def _mended(
    name: str, status: Status, found: str, situation: Situation, needs: Sequence[str]
) -> Check:
    python = f"python{situation.interpreter.short}"
    names = {"python": python, "suse": python.replace(".", "")}
    family = situation.machine.family
    packages = tuple(
        PACKAGES[need][family].format(**names) for need in needs if family in PACKAGES[need]
    )
    remedy = situation.machine.install_command(packages)
    return Check(name, status, found, remedy or f"install it: {name}", packages)
