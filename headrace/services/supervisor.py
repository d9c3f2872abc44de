"""Keeps the components of a service running until it is told to stop.

Its process is started detached, and says in the state file what it does. A component that dies is
started again, later and later if it keeps dying.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from types import FrameType

from headrace.errors import EXIT_DONE, EXIT_FAILED
from headrace.launcher.processes import die_with_parent
from headrace.services.guard import guarded
from headrace.services.identity import ProcessIdentity, end_sessions
from headrace.services.logs import limit_size, tail
from headrace.services.service import Component, Service
from headrace.services.state import ComponentState, Phase, ServiceState, write_state

_TICK_SECONDS = 0.2
_STOP_SECONDS = 10.0
_STOP_LAST_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_STABLE_SECONDS = 60.0
"""A component that lived this long has its pauses start from the shortest again."""
_FAILING_DEATHS = 3
"""A component that died so often, never stable, is reported as failing; it is still tried."""


@dataclass
class _Running:
    component: Component
    process: subprocess.Popen[bytes]
    identity: ProcessIdentity
    started: float
    restarts: int = 0
    deaths: int = 0
    pause: float = _FIRST_PAUSE_SECONDS
    restart_at: float | None = None
    trouble: str = ""


class Supervisor:
    """Runs one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._since = time.time()
        self._me = ProcessIdentity.of(os.getpid())
        self._running: dict[str, _Running] = {}
        self._phase = Phase.STARTING
        self._message = service.before_says
        self._stopping = False

    def run(self) -> int:
        """Start everything and watch it; returns when told to stop, or if it cannot start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with guarded(self._me, self._service.state):
            return self._run()

    def _run(self) -> int:
        self._say()
        try:
            if not self._run_before():
                return EXIT_FAILED
            for component in self._service.components:
                self._running[component.name] = self._start(component)
            self._message = ""
            self._say()
            while not self._stopping:
                waited = self._ask_whether_ready()
                if self._look_after() or waited:
                    self._say()
                time.sleep(_TICK_SECONDS)
        finally:
            self._end_components()
        return EXIT_DONE

    def _ask_whether_ready(self) -> bool:
        """Leave the starting phase once the service can be used; return whether it said more."""
        if self._phase is not Phase.STARTING:
            return False
        waiting_for = self._service.waiting_for
        message = waiting_for() if waiting_for is not None else ""
        changed = message != self._message or not message
        self._message = message
        if not message:
            self._phase = Phase.RUNNING
        return changed

    def _end_components(self) -> None:
        identities = {name: item.identity for name, item in self._running.items()}
        last = [identities.pop(name) for name in self._service.stopped_last & set(identities)]
        end_sessions(identities.values(), _STOP_SECONDS)
        end_sessions(last, _STOP_LAST_SECONDS)

    def _run_before(self) -> bool:
        before = self._service.before
        if before is None:
            return True
        with before.output.open("wb") as output:
            process = subprocess.Popen(
                before.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=before.directory,
                env={**os.environ, **before.environ},
                preexec_fn=die_with_parent,
            )
            while process.poll() is None and not self._stopping:
                time.sleep(_TICK_SECONDS)
            if self._stopping:
                process.terminate()
                process.wait()
                return False
        if process.returncode != 0:
            self._phase = Phase.FAILED
            self._message = f"{self._service.before_says} failed\n{tail(before.output)}"
            self._say()
        return process.returncode == 0

    def _start(self, component: Component) -> _Running:
        limit_size(component.output)
        with component.output.open("ab") as output:
            process = subprocess.Popen(
                component.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=component.directory,
                env={**os.environ, **component.environ},
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        return _Running(component, process, ProcessIdentity.of(process.pid), time.monotonic())

    def _look_after(self) -> bool:
        """Notice deaths and start again what is due; return whether anything changed."""
        changed = False
        now = time.monotonic()
        for name, item in list(self._running.items()):
            if item.restart_at is None and item.process.poll() is not None:
                self._on_death(item, now)
                changed = True
            elif item.restart_at is not None and now >= item.restart_at:
                again = self._start(item.component)
                again.restarts, again.pause = item.restarts + 1, item.pause
                again.deaths, again.trouble = item.deaths, item.trouble
                self._running[name] = again
                changed = True
        return changed

    def _on_death(self, item: _Running, now: float) -> None:
        if now - item.started > _STABLE_SECONDS:
            item.pause, item.deaths = _FIRST_PAUSE_SECONDS, 0
        item.deaths += 1
        item.restart_at = now + item.pause
        item.pause = min(2 * item.pause, _LONGEST_PAUSE_SECONDS)
        item.trouble = f"ended with {item.process.returncode}\n{_last_words(item.component)}"
        # Tasks of a dead scheduler would go on unseen beside those of the next.
        end_sessions([item.identity], _TICK_SECONDS)
        for other in self._running.values():
            if item.component.name in other.component.needs and other.restart_at is None:
                end_sessions([other.identity], _STOP_LAST_SECONDS)
                other.restart_at = item.restart_at

    def _say(self) -> None:
        states = {
            name: ComponentState(
                item.identity, item.restarts, item.trouble, item.deaths >= _FAILING_DEATHS
            )
            for name, item in self._running.items()
        }
        state = ServiceState(
            self._me,
            self._service.port,
            self._phase,
            self._message,
            self._service.runner,
            self._since,
            states,
            dict(self._service.details),
        )
        write_state(self._service.state, state)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True


def _last_words(component: Component) -> str:
    """The end of its log; of what it printed if it came to no log."""
    log = component.log
    if log is not None and log.exists() and log.stat().st_mtime >= component.output.stat().st_mtime:
        return tail(log)
    return tail(component.output)
