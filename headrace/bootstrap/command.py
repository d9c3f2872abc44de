"""``setup`` and ``doctor``: the command line of the bootstrap."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from headrace.bootstrap import disks, stamps
from headrace.bootstrap.checks import (
    Check,
    Situation,
    Status,
    lacking,
    optional_checks,
    setup_checks,
)
from headrace.bootstrap.environments import (
    Environment,
    Plan,
    carry_out,
    plan_environment,
)
from headrace.bootstrap.indexes import has_no_index, read_pip_config
from headrace.bootstrap.installer import ready_installer
from headrace.bootstrap.locking import setup_lock
from headrace.bootstrap.machine import (
    Interpreter,
    Machine,
    include_directory,
    running_interpreter,
    this_machine,
)
from headrace.bootstrap.progress import Progress
from headrace.bootstrap.running import Runner, clean_environment, explain_os_error
from headrace.bootstrap.wheels import packages_to_repair
from headrace.errors import EXIT_DONE, EXIT_FAILED, HeadraceError
from headrace.layout import STATE_DIRECTORY, Layout

_INTERRUPTED = 130
_ROOT = Path(__file__).resolve().parents[2]
_COMPILED_PACKAGE = "pyfarmhash"


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``setup`` or ``doctor``, and return the exit code."""
    args = _parser().parse_args(argv)
    home = Path(os.path.abspath(args.home)) if args.home else _default_home()
    try:
        if args.command == "doctor":
            return _doctor(home, as_json=args.json)
        signal.signal(signal.SIGTERM, _raise_terminated)
        _setup(home, ready=args.ready, with_tools=args.dev)
    except HeadraceError as error:
        return _report(error)
    except OSError as error:
        return _report(explain_os_error(error, _disks(home)))
    except KeyboardInterrupt:
        print("\nheadrace: interrupted; the next command goes on from here", file=sys.stderr)
        return _INTERRUPTED
    if args.then_run is not None:
        _become_command(home, args.then_run)
    return EXIT_DONE


def _raise_terminated(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _become_command(home: Path, arguments: Sequence[str]) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    python = Layout(home).airflow_python
    script = python.parent / "headrace"
    sys.stderr.flush()
    os.execv(python, [str(python), str(script), *arguments])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="headrace")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    setup = commands.add_parser("setup", help="make the environments, or what is stale of them")
    setup.add_argument("--dev", action="store_true", help="install what the tests need, too")
    setup.add_argument("--ready", default="", help=argparse.SUPPRESS)
    setup.add_argument("--then-run", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    doctor = commands.add_parser(
        "doctor", help="say what this machine has and lacks, and the command that mends it"
    )
    doctor.add_argument("--json", action="store_true", help="print the checks as JSON")
    for command in (setup, doctor):
        command.add_argument("--home", default="", help=argparse.SUPPRESS)
    return parser


def _default_home() -> Path:
    project = Path(os.environ.get("HEADRACE_PROJECT") or _ROOT)
    return Path(os.path.abspath(project / (os.environ.get("HEADRACE_HOME") or STATE_DIRECTORY)))


def _setup(home: Path, ready: str, with_tools: bool) -> None:
    layout = Layout(home)
    progress = Progress()
    machine = this_machine()
    interpreter = running_interpreter()

    def waiting(holder: str) -> None:
        by = f" (process {holder})" if holder else ""
        progress.say(f"another set-up is at work{by}; waiting for it to end")

    with setup_lock(layout.environments / ".lock", waiting) as lock:
        plans = _plans(layout, machine, interpreter, with_tools)
        stale = [plan for plan in plans if not plan.nothing]
        if stale:
            stamps.drop_ready(layout.environments)
            offline = _check_first(home, machine, interpreter, stale)
            progress.say(f"setting up in {home} with {interpreter}")
            environ = clean_environment(os.environ)
            runner = Runner(progress, environ, lock, layout.logs / "setup.log", _disks(home))
            _make(layout, stale, interpreter, runner, offline)
            progress.say("the environments are ready")
        stamps.write_recorded_python(layout.environments, interpreter.executable)
        if ready:
            asked = os.environ.get("HEADRACE_PYTHON", "")
            tools = all(plan.wanted.tools for plan in plans)
            stamps.write_ready(layout.environments, ready, asked, tools)


def _make(
    layout: Layout, stale: list[Plan], interpreter: Interpreter, runner: Runner, offline: bool
) -> None:
    installer = ready_installer(layout, _ROOT, interpreter, runner, offline)
    for plan in stale:
        carry_out(plan, installer)


def _plans(
    layout: Layout, machine: Machine, interpreter: Interpreter, with_tools: bool
) -> list[Plan]:
    repairs = packages_to_repair(machine.glibc) if machine.glibc else ()
    environments = (
        Environment("airflow", layout.environments / "airflow", _ROOT),
        Environment("tfx", layout.environments / "tfx", _ROOT, repairs),
    )
    return [plan_environment(each, interpreter, with_tools) for each in environments]


def _check_first(home: Path, machine: Machine, interpreter: Interpreter, stale: list[Plan]) -> bool:
    """Name everything that is lacking, before anything is changed.

    Returns:
        Whether the set-up has to do without a package index.
    """
    checks = setup_checks(_situation(home, machine, interpreter, stale))
    fatal = lacking(checks)
    if fatal:
        lines = [f"  {check.name}: {check.found}" for check in fatal]
        raise HeadraceError(
            "this machine lacks what the set-up needs; nothing was installed.\n" + "\n".join(lines),
            "\n".join(_remedies(machine, fatal)),
        )
    return any(c.name == "package index" and c.status is Status.WARN and c.remedy for c in checks)


def _situation(
    home: Path, machine: Machine, interpreter: Interpreter, stale: list[Plan]
) -> Situation:
    sizes = {"airflow": disks.AIRFLOW_BYTES, "tfx": disks.TFX_BYTES}
    fresh = [plan.environment for plan in stale if plan.from_nothing]
    new = sum(sizes[environment.name] for environment in fresh)
    tfx = [plan for plan in stale if plan.environment.name == "tfx"]
    downloads = bool(stale)  # what builds headrace itself, at the least
    pip = _pip_command(home, interpreter)
    has_installer = (home / "tools" / "bin" / "uv").is_file()
    return Situation(
        machine=machine,
        interpreter=interpreter,
        include=include_directory(),
        environ=os.environ,
        home=home,
        new_bytes=new + (disks.INSTALLER_BYTES if stale and not has_installer else 0),
        replaced=tuple(environment.directory for environment in fresh),
        compiles=bool(tfx) and interpreter.version >= (3, 11) and not _has_compiled(tfx[0]),
        downloads=downloads,
        without_index=downloads and _without_index(pip),
        pip=pip,
        has_installer=has_installer,
    )


def _without_index(pip: tuple[str, ...]) -> bool:
    if os.environ.get("UV_OFFLINE", "").lower() in ("1", "true"):
        return True
    return has_no_index(read_pip_config(pip, os.environ))


def _has_compiled(plan: Plan) -> bool:
    pattern = f"lib/python*/site-packages/{_COMPILED_PACKAGE}-*.dist-info"
    return not plan.from_nothing and any(plan.environment.directory.glob(pattern))


def _pip_command(home: Path, interpreter: Interpreter) -> tuple[str, ...]:
    python = home / "tools" / "bin" / "python"
    if (home / "tools" / "bin" / "pip").is_file() and python.exists():
        return (str(python), "-m", "pip")
    if importlib.util.find_spec("pip") is not None:
        return (str(interpreter.executable), "-m", "pip")
    return ()


def _doctor(home: Path, as_json: bool) -> int:
    machine = this_machine()
    interpreter = running_interpreter()
    plans = _plans(Layout(home), machine, interpreter, with_tools=False)
    situation = _situation(home, machine, interpreter, [p for p in plans if not p.nothing])
    checks = [*setup_checks(situation), *(_environment_check(plan) for plan in plans)]
    checks += optional_checks(situation)
    code = EXIT_FAILED if lacking(checks) else EXIT_DONE
    if as_json:
        listing = {"ok": code == EXIT_DONE, "checks": [check.as_json() for check in checks]}
        print(json.dumps(listing, indent=2))
        return code
    for check in checks:
        print(f"{check.status.value:8}{check.name}: {check.found}")
        if check.remedy and check.status is not Status.OK:
            print(f"{'':8}  mend: {check.remedy}")
    fatal = lacking(checks)
    if len(fatal) > 1:
        print("\nThe set-up needs all of these:")
        print("\n".join(f"  {line}" for line in _remedies(machine, fatal)))
    return code


def _environment_check(plan: Plan) -> Check:
    name = f"{plan.environment.name} environment"
    if plan.nothing:
        return Check(name, Status.OK, str(plan.environment.directory))
    state = "older than its lock"
    if plan.from_nothing:
        there = plan.environment.directory.is_dir()
        state = "half-made, moved or of another Python" if there else "not made yet"
    return Check(name, Status.WARN, state, "bin/headrace setup (other commands do it, too)")


def _remedies(machine: Machine, checks: Sequence[Check]) -> list[str]:
    packages = [name for check in checks for name in check.packages]
    command = machine.install_command(packages)
    others = [check.remedy for check in checks if not (check.packages and command)]
    return [*([command] if command else []), *others]


def _report(error: HeadraceError) -> int:
    print(f"headrace: {error.message}", file=sys.stderr)
    for line in error.hint.splitlines():
        print(f"  {line}", file=sys.stderr)
    return error.exit_code


def _disks(home: Path) -> tuple[Path, ...]:
    return (home, disks.uv_cache(os.environ))
