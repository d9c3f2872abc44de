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
    """

    number: int
    kind: Kind
    target: Target
    moment: float
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.kind.value} {self.target.value}"


def faults(seed: int, hazards: Sequence[Hazard]) -> Iterator[Fault]:
    """An endless sequence: every hazard once in an order of chance, then again in another.

    The same seed gives the same sequence, so its beginning may be run today and the rest tomorrow.
    """
    number = 0
    while hazards:
        chance = random.Random(f"{seed}/{number}")
        for hazard in chance.sample(hazards, len(hazards)):
            moment = round(chance.random(), 4)
            yield Fault(number, hazard.kind, hazard.target, moment, hazard.seconds)
            number += 1
