"""What a supervisor runs: components, as commands with their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Component:
    """A process that is kept running.

    Attributes:
        output: gets what it prints, after what those before it have printed.
        directory: its working directory.
        environ: variables over those of the supervisor.
        log: where it logs instead of printing, if it does.
        needs: names of components without which it is lost: when one dies, both start again.
    """

    name: str
    command: tuple[str, ...]
    output: Path
    directory: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Service:
    """Components that make one service together.

    Attributes:
        state: the file that says how the service is.
        port: of its REST API.
        components: started in this order.
        stopped_last: names of those that the others need until they have stopped.
        before: runs to its end before the components start; its failure is the service's.
        before_says: what that does, for people.
        waiting_for: says what the service still waits for before it can be used; empty: nothing.
            Asked again and again until then. None: it can be used at once.
        runner: the Beam runner that its DAGs are started with, if it is Airflow.
        details: what else the state file says of it, as JSON knows it.
    """

    state: Path
    port: int
    components: tuple[Component, ...]
    stopped_last: frozenset[str] = frozenset()
    before: Component | None = None
    before_says: str = ""
    waiting_for: Callable[[], str] | None = None
    runner: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
