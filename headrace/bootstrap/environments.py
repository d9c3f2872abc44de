"""Makes and mends the two environments and the installer, each only as far as it is stale."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.bootstrap import stamps
from headrace.bootstrap.locks import find_locked, with_files
from headrace.bootstrap.machine import Interpreter
from headrace.bootstrap.running import Runner
from headrace.bootstrap.stamps import Stamp, digest
from headrace.bootstrap.wheels import (
    PUBLISHED_PLATFORM,
    REPAIR_FORMAT,
    file_sha256,
    repair_wheel,
    verify_published,
)
from headrace.files import write_atomically

_SHOW_BASE = (
    "import os, sys; print(os.path.realpath(getattr(sys, '_base_executable', '')),"
    " '%d.%d' % sys.version_info[:2])"
)
# uv compiles without a word after its line on what it installed.
_SHOWN = {"Installed ": "compiling bytecode"}


@dataclass(frozen=True)
class Environment:
    """One environment and the files that it is made from."""

    name: str
    directory: Path
    root: Path
    """The project's own sources, which are installed in place."""
    repairs: tuple[str, ...] = ()
    """Packages whose published wheels this machine cannot load."""

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"

    @property
    def lock(self) -> Path:
        return self.root / "requirements" / f"{self.name}.txt"

    @property
    def tools_lock(self) -> Path:
        return self.root / "requirements" / f"dev-{self.name}.txt"

    @property
    def build_lock(self) -> Path:
        return self.root / "requirements" / "build.txt"


@dataclass(frozen=True)
class Plan:
    """What has to be done to one environment."""

    environment: Environment
    interpreter: Interpreter
    wanted: Stamp
    from_nothing: bool
    packages: bool
    project: bool

    @property
    def nothing(self) -> bool:
        return not (self.from_nothing or self.packages or self.project)


@dataclass(frozen=True)
class Installer:
    """uv, and how it is run."""

    uv: Path
    options: tuple[str, ...]
    """Added to each of its installing commands."""
    runner: Runner
    cache: Path
    """Where repaired wheels are kept."""


def plan_environment(environment: Environment, interpreter: Interpreter, with_tools: bool) -> Plan:
    """Compare an environment with what it should be made from. Changes nothing."""
    current = stamps.read_stamp(environment.directory)
    wanted = _wanted(environment, interpreter, with_tools or bool(current and current.tools))
    usable = _base_of(environment.python) == wanted.interpreter
    if current is None:
        # Without a stamp it is someone's own: kept, and brought in line with the lock.
        fresh = not usable or stamps.is_half_made(environment.directory)
        return Plan(environment, interpreter, wanted, fresh, packages=True, project=True)
    here = (current.location, current.interpreter) == (wanted.location, wanted.interpreter)
    packages = (current.packages, current.tools) != (wanted.packages, wanted.tools)
    project = current.project != wanted.project
    return Plan(environment, interpreter, wanted, not (usable and here), packages, project)


def carry_out(plan: Plan, installer: Installer) -> None:
    """Make an environment what its plan wants.

    Raises:
        HeadraceError: a step failed. The environment is marked as half-made then, and the next
            set-up makes it again.
    """
    environment, runner, uv = plan.environment, installer.runner, installer.uv
    what = f"the {environment.name} environment"
    directory = environment.directory
    target: list[str | Path] = ["--python", environment.python, *installer.options]
    target += ["--build-constraints", environment.build_lock]
    if directory.is_dir():
        stamps.begin_change(directory)
    if plan.from_nothing:
        base = plan.interpreter.executable
        runner.run(what, [uv, "venv", "--clear", "--no-project", "--python", base, directory])
        stamps.begin_change(directory)
    if plan.from_nothing or plan.packages:
        locks = [_installable_lock(plan, installer)]
        if plan.wanted.tools:
            locks.append(environment.tools_lock)
        with runner.progress.step(f"installing the {environment.name} environment's packages"):
            options = ["--require-hashes", "--compile-bytecode"]
            runner.run(what, [uv, "pip", "sync", *target, *options, *locks], _SHOWN)
    with runner.progress.step(f"installing headrace into the {environment.name} environment"):
        options = ["--no-deps", "--reinstall-package", "headrace", "--editable"]
        runner.run(what, [uv, "pip", "install", *target, *options, environment.root])
    stamps.end_change(directory, plan.wanted)


def installer_is_current(tools: Path, lock: Path, interpreter: Interpreter) -> bool:
    """Say whether uv is installed as the lock wants it."""
    stamp = stamps.read_stamp(tools)
    return stamp == _installer_stamp(tools, lock, interpreter) and (tools / "bin" / "uv").is_file()


def make_installer(tools: Path, lock: Path, interpreter: Interpreter, runner: Runner) -> None:
    """Install uv, with the hash that the lock names, into an environment of its own.

    Raises:
        HeadraceError: it could not be downloaded or is not the file that the lock names.
    """
    if tools.is_dir():
        stamps.begin_change(tools)
    runner.run("the installer", [interpreter.executable, "-I", "-m", "venv", "--clear", tools])
    stamps.begin_change(tools)
    pip: list[str | Path] = [tools / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    options = ["--require-hashes", "--only-binary", ":all:", "--retries", "2", "--timeout", "30"]
    runner.run("the installer", [*pip, "install", *options, "-r", lock])
    stamps.end_change(tools, _installer_stamp(tools, lock, interpreter))


def _installer_stamp(tools: Path, lock: Path, interpreter: Interpreter) -> Stamp:
    packages = digest(lock.read_bytes())
    return Stamp(str(tools), str(interpreter.executable), packages, tools="", project="")


def _wanted(environment: Environment, interpreter: Interpreter, with_tools: bool) -> Stamp:
    root = environment.root
    build = environment.build_lock.read_bytes()
    repairs = f"{REPAIR_FORMAT} {' '.join(environment.repairs)}" if environment.repairs else ""
    return Stamp(
        location=str(environment.directory),
        interpreter=f"{interpreter.executable} {interpreter.short}",
        packages=digest(environment.lock.read_bytes(), build, repairs),
        tools=digest(environment.tools_lock.read_bytes()) if with_tools else "",
        project=digest(
            str(root),
            (root / "pyproject.toml").read_bytes(),
            (root / "headrace" / "__init__.py").read_bytes(),
            build,
        ),
    )


def _base_of(python: Path) -> str:
    """Return the installed Python behind an environment's, and its version; empty: it fails."""
    try:
        result = subprocess.run(
            [str(python), "-I", "-S", "-c", _SHOW_BASE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def _installable_lock(plan: Plan, installer: Installer) -> Path:
    """Return the lock to install from: with repaired wheels in it where they are needed."""
    environment, cache = plan.environment, installer.cache
    if not environment.repairs:
        return environment.lock
    text = environment.lock.read_text(encoding="utf-8")
    files = _repaired_files(environment, text, installer.runner, cache, plan.interpreter)
    path = cache / f"{environment.name}.txt"
    write_atomically(path, with_files(text, files))
    return path


def _repaired_files(
    environment: Environment, lock: str, runner: Runner, cache: Path, interpreter: Interpreter
) -> Mapping[str, tuple[Path, str]]:
    locked = [find_locked(lock, name, environment.lock) for name in environment.repairs]
    key = digest(str(REPAIR_FORMAT), interpreter.tag, *(entry.text for entry in locked))[:16]
    wheels = cache / f"repaired-{interpreter.tag}-{key}"
    known = _read_repaired(wheels)
    if known is not None:
        return known
    for left in cache.glob(".repair-*"):
        shutil.rmtree(left, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".repair-", dir=cache) as name:
        work = Path(name)
        _download(environment, [entry.text for entry in locked], interpreter, runner, work)
        made = work / "made"
        made.mkdir()
        files: dict[str, list[str]] = {}
        for entry in locked:
            (wheel,) = work.glob(f"{entry.name.replace('-', '_')}-*.whl")
            verify_published(wheel, entry)
            repaired = repair_wheel(wheel, made)
            files[entry.name] = [repaired.path.name, repaired.sha256]
            runner.progress.say(f"repaired {wheel.name} ({len(repaired.changes)} symbols)")
        write_atomically(made / "repaired.json", json.dumps(files, indent=1) + "\n")
        shutil.rmtree(wheels, ignore_errors=True)
        made.rename(wheels)
    return {name: (wheels / file, sha256) for name, (file, sha256) in files.items()}


def _read_repaired(wheels: Path) -> Mapping[str, tuple[Path, str]] | None:
    try:
        files = json.loads((wheels / "repaired.json").read_text(encoding="utf-8"))
        known = {name: (wheels / file, sha256) for name, (file, sha256) in files.items()}
        intact = all(file_sha256(path) == sha256 for path, sha256 in known.values())
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return known if intact else None


def _download(
    environment: Environment,
    entries: list[str],
    interpreter: Interpreter,
    runner: Runner,
    into: Path,
) -> None:
    requirements = into / "published.txt"
    write_atomically(requirements, "\n".join(entries) + "\n")
    python = environment.directory.parent.parent / "tools" / "bin" / "python"
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check"]
    with runner.progress.step(f"fetching {' and '.join(environment.repairs)} to repair"):
        runner.run(
            "the wheels to repair",
            [*pip, "download", "--require-hashes", "--no-deps", "--only-binary", ":all:",
             "--platform", PUBLISHED_PLATFORM, "--implementation", "cp", "--abi", interpreter.tag,
             "--python-version", interpreter.short, "--dest", into, "-r", requirements],
        )  # fmt: skip
