"""Which faults a campaign has, when each comes and how long it lasts: all of it from one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """What is done."""

    KILL = "kill"
    PAUSE = "pause"
    FILL = "fill"
    READ_ONLY = "read-only"
    CUT = "cut"


class Target(str, Enum):
    """What it is done to."""

    NODE = "node"
    LAUNCHER = "launcher"
    COMMAND = "command"
    ARTIFACTS = "artifacts"
    STORE = "store"
    DATABASE = "database"
    CONNECTIONS = "connections"
    NETWORK = "network"
    TASK = "task"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    API_SERVER = "api-server"
    HARNESS = "harness"
    POOL = "worker-pool"
    TASK_MANAGER = "taskmanager"
    JOB_MANAGER = "jobmanager"


@dataclass(frozen=True)
class Hazard:
    """A fault that can be: what is done to what.

    Attributes:
        seconds: how long it lasts; 0: it is done in an instant, or lasts until the run has ended.
    """

    kind: Kind
    target: Target
    seconds: float = 0.0


@dataclass(frozen=True)
class Fault:
    """A fault that is done to one run.

    Attributes:
        moment: when, as a share of the time that an undisturbed run takes.
        also: another that is done at the same moment.
    """

    number: int
    kind: Kind
    target: Target
    moment: float
    seconds: float = 0.0
    also: Fault | None = None

    @property
    def name(self) -> str:
        own = f"{self.kind.value} {self.target.value}"
        return f"{own}, {self.also.name}" if self.also else own

    @property
    def all(self) -> tuple[Fault, ...]:
        """What is done, one by one."""
        return (self, *self.also.all) if self.also else (self,)


def faults(seed: int, hazards: Sequence[Hazard], *, at_once: bool = False) -> Iterator[Fault]:
    """An endless sequence: every hazard once in an order of chance, then again in another.

    The same seed gives the same sequence, so its beginning may be run today and the rest tomorrow.

    Args:
        at_once: each comes with another, of chance, that is done to something else.
    """
    number = 0
    while hazards:
        chance = random.Random(f"{seed}/{number}")
        for hazard in chance.sample(hazards, len(hazards)):
            moment = round(chance.random(), 4)
            also = None
            if at_once:
                other = chance.choice([it for it in hazards if not _hinders(it, hazard)])
                also = Fault(number, other.kind, other.target, moment, other.seconds)
            yield Fault(number, hazard.kind, hazard.target, moment, hazard.seconds, also)
            number += 1


def _hinders(one: Hazard, other: Hazard) -> bool:
    """Whether the two cannot be done at once; a dead server cannot be asked to end connections."""
    targets = {one.target, other.target}
    return len(targets) == 1 or targets == {Target.DATABASE, Target.CONNECTIONS}
