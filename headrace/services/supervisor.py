"""``python -m headrace.services.supervisor``: keeps Airflow's components running until it ends.

It is started detached by ``headrace up`` and ``headrace demo``, and says in the state file what it
does. A component that dies is started again, later and later if it keeps dying.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from headrace.errors import EXIT_DONE, EXIT_FAILED
from headrace.launcher.processes import die_with_parent
from headrace.services import components
from headrace.services.guard import guarded
from headrace.services.identity import ProcessIdentity, end_sessions
from headrace.services.instance import Instance
from headrace.services.logs import tail
from headrace.services.ports import Ports
from headrace.services.state import ComponentState, Phase, ServiceState, write_state
from headrace.settings import load_settings

_TICK_SECONDS = 0.2
_STOP_SECONDS = 10.0
_STOP_SERVERS_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_STABLE_SECONDS = 60.0
"""A component that lived this long has its pauses start from the shortest again."""
_FAILING_DEATHS = 3
"""A component that died so often, never stable, is reported as failing; it is still tried."""


@dataclass
class _Component:
    name: str
    process: subprocess.Popen[bytes]
    identity: ProcessIdentity
    started: float
    restarts: int = 0
    deaths: int = 0
    pause: float = _FIRST_PAUSE_SECONDS
    restart_at: float | None = None
    trouble: str = ""


class Supervisor:
    """Runs one instance."""

    def __init__(self, instance: Instance, ports: Ports, runner: str) -> None:
        self._instance = instance
        self._ports = ports
        self._runner = runner
        self._since = time.time()
        self._me = ProcessIdentity.of(os.getpid())
        self._components: dict[str, _Component] = {}
        self._stopping = False

    def run(self) -> int:
        """Start everything and watch it; returns when told to stop, or if Airflow cannot start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with guarded(self._me, self._instance.state):
            return self._run()

    def _run(self) -> int:
        self._say(Phase.STARTING, "preparing Airflow's database")
        try:
            if not self._migrate():
                return EXIT_FAILED
            for name in components.NAMES:
                self._components[name] = self._start(name)
            self._say(Phase.RUNNING)
            while not self._stopping:
                time.sleep(_TICK_SECONDS)
                if self._look_after():
                    self._say(Phase.RUNNING)
        finally:
            self._end_components()
        return EXIT_DONE

    def _end_components(self) -> None:
        identities = {name: item.identity for name, item in self._components.items()}
        servers = [identities.pop(name) for name in components.SERVERS if name in identities]
        end_sessions(identities.values(), _STOP_SECONDS)
        end_sessions(servers, _STOP_SERVERS_SECONDS)

    def _migrate(self) -> bool:
        log = self._instance.logs / "db-migrate.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                components.migrate_command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._instance.home,
                preexec_fn=die_with_parent,
            )
            while process.poll() is None and not self._stopping:
                time.sleep(_TICK_SECONDS)
            if self._stopping:
                process.terminate()
                process.wait()
                return False
        if process.returncode != 0:
            self._say(Phase.FAILED, f"Airflow's database cannot be prepared\n{tail(log)}")
        return process.returncode == 0

    def _start(self, name: str) -> _Component:
        log = self._instance.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                components.command(name, self._ports),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._instance.home,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        return _Component(name, process, ProcessIdentity.of(process.pid), time.monotonic())

    def _look_after(self) -> bool:
        """Notice deaths and start again what is due; return whether anything changed."""
        changed = False
        now = time.monotonic()
        for item in list(self._components.values()):
            if item.restart_at is None and item.process.poll() is not None:
                self._on_death(item, now)
                changed = True
            elif item.restart_at is not None and now >= item.restart_at:
                again = self._start(item.name)
                again.restarts, again.pause = item.restarts + 1, item.pause
                again.deaths, again.trouble = item.deaths, item.trouble
                self._components[item.name] = again
                changed = True
        return changed

    def _on_death(self, item: _Component, now: float) -> None:
        if now - item.started > _STABLE_SECONDS:
            item.pause, item.deaths = _FIRST_PAUSE_SECONDS, 0
        item.deaths += 1
        item.restart_at = now + item.pause
        item.pause = min(2 * item.pause, _LONGEST_PAUSE_SECONDS)
        log = self._instance.logs / f"{item.name}.log"
        item.trouble = f"ended with {item.process.returncode}\n{tail(log)}"
        # Tasks of a dead scheduler would go on unseen beside those of the next.
        end_sessions([item.identity], _TICK_SECONDS)

    def _say(self, phase: Phase, message: str = "") -> None:
        states = {
            name: ComponentState(
                item.identity, item.restarts, item.trouble, item.deaths >= _FAILING_DEATHS
            )
            for name, item in self._components.items()
        }
        state = ServiceState(
            self._me, self._ports.api, phase, message, self._runner, self._since, states
        )
        write_state(self._instance.state, state)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True


def main() -> int:
    """Entry point; what Airflow is told by its environment, this process has in its own."""
    parser = argparse.ArgumentParser(prog="headrace supervisor")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log-port", type=int, required=True)
    parser.add_argument("--runner", default="")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent ends")
    args = parser.parse_args()
    if args.with_parent:
        die_with_parent()
    instance = Instance(load_settings(), args.home, args.state)
    with contextlib.suppress(KeyboardInterrupt):
        return Supervisor(instance, Ports(args.port, args.log_port), args.runner).run()
    return EXIT_DONE


if __name__ == "__main__":
    sys.exit(main())
