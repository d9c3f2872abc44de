"""What is kept of an ended Flink job with the node's execution."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from headrace.files import write_atomically


@dataclass(frozen=True)
class JobFacts:
    """One Flink job of a node.

    Attributes:
        seconds: from its submission to its end, as the client saw it.
        records: that its vertices read from one another.
        counters: of the user's code, ``namespace:name``, summed over steps.
        distributions: of the user's code, by the same names: count, sum, min and max.
    """

    job_id: str
    name: str
    state: str
    seconds: float
    parallelism: int
    harnesses: int
    vertices: int
    records: int
    counters: dict[str, int] = field(default_factory=dict)
    distributions: dict[str, dict[str, int]] = field(default_factory=dict)


def write_facts(directory: Path, facts: JobFacts) -> None:
    """Keep them for the node that the job is part of."""
    number = len(list(directory.glob("*.json"))) if directory.is_dir() else 0
    write_atomically(directory / f"{number:03d}.json", json.dumps(asdict(facts)))


def read_facts(directory: Path) -> list[JobFacts]:
    """The facts of every job that has ended, in their order."""
    if not directory.is_dir():
        return []
    files = sorted(directory.glob("*.json"))
    return [JobFacts(**json.loads(file.read_text(encoding="utf-8"))) for file in files]


def counters_of(results: list[Any]) -> dict[str, int]:
    """Sum the counters of the user's code over the steps that they were counted in."""
    found: dict[str, int] = {}
    for item in results:
        name = _name(item)
        if name is None:
            continue
        found[name] = found.get(name, 0) + int(item.result or 0)
    return found


def distributions_of(results: list[Any]) -> dict[str, dict[str, int]]:
    """Join the distributions of the user's code over the steps that they were measured in."""
    found: dict[str, dict[str, int]] = {}
    for item in results:
        name, value = _name(item), item.result
        if name is None or value is None or not value.count:
            continue
        before = found.get(name, {"count": 0, "sum": 0, "min": value.min, "max": value.max})
        found[name] = {
            "count": before["count"] + int(value.count),
            "sum": before["sum"] + int(value.sum),
            "min": min(before["min"], int(value.min)),
            "max": max(before["max"], int(value.max)),
        }
    return found


def _name(item: Any) -> str | None:
    """``namespace:name``; None for what Beam measures of itself."""
    metric = item.key.metric
    # What has no namespace of its own is named by its URN: beam:metric:...
    beams = metric.namespace.partition(":")[0] in ("", "beam")
    return None if beams else f"{metric.namespace}:{metric.name}"
