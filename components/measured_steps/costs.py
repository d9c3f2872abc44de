"""The costs of an ended job's steps, from Beam's metrics."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

from apache_beam.io.filesystems import FileSystems

from .measured import MEMORY
from .sampled import TIME

FILE_NAME = "steps.json"
_TIME = "ptransform_execution_time:total_msecs"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StepCost:
    """What a step cost.

    Attributes:
        seconds: in all its workers together. Where the runner does not say, the workers do, but for
            what a step does before a shuffle that no measured step is before; None if nobody does.
        memory_mb: of the largest process that it ran in, at the end of a bundle.
    """

    step: str
    seconds: float | None
    memory_mb: int


def step_costs(result: Any) -> list[StepCost]:
    """Of each ``Measured`` step of an ended job, in the order of their names."""
    metrics = getattr(result, "monitoring_metrics", result.metrics)().query()
    memory: dict[str, int] = defaultdict(int)
    told: dict[str, float] = defaultdict(float)
    for item in metrics["distributions"]:
        namespace, name = item.key.metric.namespace, item.key.metric.name
        if not (item.result and item.result.count):
            continue
        if namespace == MEMORY:
            memory[name] = max(memory[name], int(item.result.max))
        elif namespace == TIME:
            told[name] += int(item.result.sum) / 1e6
    seconds: dict[str, float] = {}
    for item in metrics["counters"]:
        # Some of Beam's results have the beginning of such a name as their namespace.
        if _TIME not in f"{item.key.metric.namespace}:{item.key.metric.name}":
            continue
        for name in set(str(item.key.step).split("/")) & memory.keys():
            seconds[name] = seconds.get(name, 0.0) + float(item.result) / 1000
    return [
        StepCost(name, seconds.get(name, told.get(name)), memory[name]) for name in sorted(memory)
    ]


def write_costs(costs: list[StepCost], uri: str) -> None:
    """Log them, and keep them as ``steps.json`` in an artifact."""
    for cost in costs:
        time = "" if cost.seconds is None else f"{cost.seconds:.2f} s, "
        _log.info("Step %s: %s%d MB", cost.step, time, cost.memory_mb)
    text = json.dumps([asdict(cost) for cost in costs], indent=1)
    with FileSystems.create(FileSystems.join(uri, FILE_NAME), "text/plain") as file:
        file.write(f"{text}\n".encode())
