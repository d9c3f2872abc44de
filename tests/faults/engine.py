"""``bin/headrace run`` with its launcher, on SQLite or on a database server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from headrace.launcher.starting import launcher_process
from headrace.settings import Settings, load_settings
from tests.faults import injuries
from tests.faults.injuries import Disk
from tests.faults.plan import Fault, Hazard, Kind, Target
from tests.faults.scene import Digests, Scene, described, look
from tests.faults.stage import End, Trial
from tests.faults.store import Store, read_sqlite
from tests.processes import processes_with

PROJECT = Path(__file__).parents[2]
ROWS = "a,b\n" + "".join(f"{number},{number % 7}.5\n" for number in range(40))
LAUNCHER_SECONDS = 11.0
"""Longer than the launcher waits for a request."""

HAZARDS = (
    Hazard(Kind.KILL, Target.NODE),
    Hazard(Kind.KILL, Target.LAUNCHER),
    Hazard(Kind.KILL, Target.COMMAND),
    Hazard(Kind.PAUSE, Target.NODE, 3.0),
    Hazard(Kind.PAUSE, Target.LAUNCHER, LAUNCHER_SECONDS),
    Hazard(Kind.PAUSE, Target.COMMAND, 3.0),
)
OF_DISKS = (
    Hazard(Kind.FILL, Target.ARTIFACTS),
    Hazard(Kind.FILL, Target.STORE),
    Hazard(Kind.READ_ONLY, Target.ARTIFACTS),
)
_POLL_SECONDS = 0.005


class CommandTrial:
    """The command line, which says on standard error how it goes."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], said: Path) -> None:
        self._said = said
        with said.open("wb") as errors:
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=dict(environ), stdout=subprocess.DEVNULL, stderr=errors
            )

    def is_over(self) -> bool:
        return self.process.poll() is not None

    def wait(self, seconds: float) -> End:
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return End("hung", self.said())
        states = {0: "success", 1: "failed", -9: "killed"}
        return End(states.get(code, f"exit code {code}"), self.said())

    def said(self) -> str:
        return self._said.read_text(errors="replace")


class Engine:
    """The stage whose runs are ``bin/headrace run``; its store is an SQLite file.

    Args:
        place: an empty directory, with a short name: sockets are below it.
        small: disks by ``artifacts`` and ``store``; none: faults of disks cannot be here.
        extra: variables for the commands, over those that every stage has.
    """

    name = "engine"
    target = "tests/data/pipelines/faulted.py:create_pipeline"

    def __init__(
        self,
        place: Path,
        small: Mapping[str, Disk],
        tfx_python: Path,
        extra: Mapping[str, str] | None = None,
        project: Path = PROJECT,
    ) -> None:
        self.place, self._disks = place, small
        self.home, self.temporary = place / "home", place / "tmp"
        for directory in (self.home, self.temporary, place / "data", place / "said"):
            directory.mkdir(parents=True, exist_ok=True)
        self._database = place / "store" / "metadata.sqlite"
        self._database.parent.mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HEADRACE_", "AIRFLOW"))}
        self.environ = {
            **kept,
            "HEADRACE_PROJECT": str(PROJECT),
            "HEADRACE_HOME": str(self.home),
            "HEADRACE_TFX_PYTHON": str(tfx_python),
            "HEADRACE_METADATA_URL": self.metadata_url(),
            "HEADRACE_ARTIFACT_ROOT": str(place / "artifacts"),
            "PYTHONPATH": str(PROJECT),
            "TMPDIR": str(self.temporary),
            **(extra or {}),
        }
        self.settings: Settings = load_settings(project, environ=self.environ)
        self._digests = Digests()
        self._last: CommandTrial | None = None

    @property
    def hazards(self) -> Sequence[Hazard]:
        return (*HAZARDS, *(OF_DISKS if self._disks else ()))

    @property
    def absent(self) -> Mapping[str, str]:
        why = "this user cannot make a file system"
        return {} if self._disks else {f"{it.kind.value} {it.target.value}": why for it in OF_DISKS}

    def metadata_url(self) -> str:
        return f"sqlite:///{self._database}"

    def store(self) -> Store:
        return read_sqlite(self._database)

    def begin(self, run: str) -> CommandTrial:
        return self.start(run, *self.request(run, self.data_of(run)))

    def resume(self, run: str) -> CommandTrial:
        """Go on with it; where it was killed before it was one, begin it."""
        has_begun = (self.home / "runs" / run / "run.json").exists()
        again = ("--resume", run) if has_begun else self.request(run, self.place / "data" / run)
        return self.start(f"{run}-resumed", *again)

    def request(self, run: str, data: Path) -> tuple[str, ...]:
        """Arguments that begin the run."""
        return (self.target, "--param", f"data={data}", "--run-id", run)

    def start(self, said: str, *arguments: str) -> CommandTrial:
        """``bin/headrace run``; what it says goes to a file of this name."""
        self._last = CommandTrial(
            [sys.executable, "-m", "headrace.cli", "run", "--jobs", "2", *arguments],
            self.environ,
            self.place / "said" / f"{said}.txt",
        )
        return self._last

    def data_of(self, run: str) -> Path:
        """A directory of the run's own, so that the cache does not serve it with another's."""
        data = self.place / "data" / run
        data.mkdir()
        (data / "rows.csv").write_text(ROWS)
        return data

    def repair(self) -> None:
        headrace(self.environ, "doctor", "--repair")

    def inflict(self, fault: Fault, trial: Trial) -> str:
        if fault.kind in (Kind.FILL, Kind.READ_ONLY):
            return self._hurt_disk(fault)
        while not trial.is_over():
            found = self.victims(fault.target, trial)
            if found:
                told = "; ".join(described(process) for process in found)
                if fault.kind is Kind.PAUSE:
                    injuries.pause(found, fault.seconds)
                else:
                    injuries.kill(found)
                return told
            time.sleep(_POLL_SECONDS)
        return ""

    def victims(self, target: Target, trial: Trial) -> list[psutil.Process]:
        """The processes that it means, as far as they run now."""
        if target is Target.COMMAND and isinstance(trial, CommandTrial):
            running = not trial.is_over()
            return [psutil.Process(trial.process.pid)] if running else []
        server = launcher_process(self.settings)
        if server is None:
            return []
        return [server] if target is Target.LAUNCHER else self._nodes(server)[:1]

    def lift(self, fault: Fault) -> None:
        for disk in self._disks.values():
            disk.restore()

    def look(self) -> Scene:
        root = self.place / "artifacts"
        return look(
            self.store(),
            [entry for entry in root.iterdir() if entry.is_dir()] if root.is_dir() else [],
            [self.temporary],
            [self.home / "runs", self.home / "ir"],
            [described(process) for process in self._strangers()],
            self._digests,
        )

    def close(self) -> None:
        """End the launcher, and a command where the campaign itself was ended."""
        from headrace.launcher.starting import stop_launcher

        if self._last is not None and not self._last.is_over():
            self._last.wait(0)
        stop_launcher(self.settings)

    def _hurt_disk(self, fault: Fault) -> str:
        disk = self._disks[fault.target.value]
        if fault.kind is Kind.FILL:
            disk.fill()
        elif not disk.forbid():
            return ""
        return str(disk.place)

    def _nodes(self, server: psutil.Process) -> list[psutil.Process]:
        """Processes of jobs."""
        return [it for it in self._forks(server) if not stands_by(it.pid)]

    def _forks(self, server: psutil.Process) -> list[psutil.Process]:
        """Of the server, which have its command line."""
        with contextlib.suppress(psutil.Error):
            command = server.cmdline()
            return [it for it in server.children() if _command(it) == command]
        return []

    def servers(self) -> list[psutil.Process]:
        """Those that go on between runs: the launcher, and what stands by for its next node."""
        found = launcher_process(self.settings)
        if found is None:
            return []
        return [found, *(it for it in self._forks(found) if stands_by(it.pid))]

    def _strangers(self) -> Iterator[psutil.Process]:
        known = {process.pid for process in self.servers()}
        for process in processes_with(f"HEADRACE_HOME={self.home}"):
            if process.pid not in known:
                yield process


def stands_by(pid: int) -> bool:
    """Whether a process has a letter from the launcher that it has not opened yet."""
    with contextlib.suppress(OSError):
        links = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")]
        return any(link.startswith("/memfd:request") for link in links)
    return False


def headrace(environ: Mapping[str, str], *arguments: str) -> None:
    """Run a command of headrace's.

    Raises:
        RuntimeError: it failed; the message has what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "headrace.cli", *arguments],
        cwd=PROJECT,
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"headrace {' '.join(arguments)}: {done.stderr}")


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []
