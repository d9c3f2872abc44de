"""The state file: what a supervisor says of itself and of the components that it runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from headrace.fields import read_fields
from headrace.files import write_atomically
from headrace.services.identity import ProcessIdentity


class Phase(str, Enum):
    """How far an instance has come."""

    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True)
class ComponentState:
    """One of the components that a supervisor runs.

    Attributes:
        process: its process now, or the last if it has none.
        trouble: how the last one before it ended; empty if none did.
        failing: it keeps dying soon after its start.
    """

    process: ProcessIdentity
    restarts: int = 0
    trouble: str = ""
    failing: bool = False


@dataclass(frozen=True)
class ServiceState:
    """An instance as its supervisor last described it.

    Attributes:
        port: of its REST API.
        runner: the Beam runner that its DAGs were started with; empty: the settings'.
        since: when the supervisor started, in seconds since the epoch.
        details: what only this kind of service has to say, as JSON knows it.
    """

    supervisor: ProcessIdentity
    port: int
    phase: Phase
    message: str = ""
    runner: str = ""
    since: float = 0.0
    components: dict[str, ComponentState] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        """Whether the supervisor still runs."""
        return self.supervisor.find() is not None

    def processes(self) -> list[ProcessIdentity]:
        """The components' processes."""
        return [component.process for component in self.components.values()]


def write_state(path: Path, state: ServiceState) -> None:
    """Replace the state file."""
    write_atomically(path, json.dumps(asdict(state), indent=1) + "\n", mode=0o600)


def read_state(path: Path) -> ServiceState | None:
    """The state, or None if there is no state file that can be read."""
    try:
        return read_fields(ServiceState, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return None
