"""The lineage of an artifact as two trees: what it was made from, and what was made from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from headrace.records.entities import Artifact, Execution, Link, Records


@dataclass(frozen=True)
class Step:
    """An execution between two artifacts, seen from the nearer one.

    Attributes:
        key: under which the execution wrote (upstream) or read (downstream) the nearer artifact.
        reached: the farther artifacts, with the key that the execution knows each by.
    """

    execution: Execution
    key: str
    reached: tuple[tuple[str, Branch], ...] = ()


@dataclass(frozen=True)
class Branch:
    """An artifact in a tree; ``repeated`` where its steps are shown at an earlier place."""

    artifact: Artifact
    steps: tuple[Step, ...] = ()
    repeated: bool = False


@dataclass
class _Graph:
    artifacts: dict[int, Artifact]
    executions: dict[int, Execution]
    of_artifact: dict[tuple[int, str], list[Link]] = field(
        default_factory=lambda: defaultdict(list)
    )
    of_execution: dict[tuple[int, str], list[Link]] = field(
        default_factory=lambda: defaultdict(list)
    )


def upstream(records: Records, artifact_id: int) -> Branch:
    """What the artifact was made from. KeyError if it is not among the records."""
    return _branch(_graph(records), artifact_id, "output", "input", set())


def downstream(records: Records, artifact_id: int) -> Branch:
    """What was made from the artifact. KeyError if it is not among the records."""
    return _branch(_graph(records), artifact_id, "input", "output", set())


def producers(executions: Iterable[Execution], links: Iterable[Link]) -> dict[int, Link]:
    """The output link of each artifact to the execution that made it.

    An execution served from the cache puts out what another has made.
    """
    known = {execution.id: execution for execution in executions}
    found: dict[int, Link] = {}
    outputs = [link for link in links if link.kind == "output" and link.execution_id in known]
    for link in sorted(
        outputs, key=lambda item: (known[item.execution_id].state == "cached", item.execution_id)
    ):
        found.setdefault(link.artifact_id, link)
    return found


def _graph(records: Records) -> _Graph:
    graph = _Graph(
        {item.id: item for item in records.artifacts},
        {item.id: item for item in records.executions},
    )
    made = producers(records.executions, records.links)
    for link in sorted(records.links, key=lambda item: (item.execution_id, item.key)):
        if link.kind == "output" and made.get(link.artifact_id) != link:
            continue
        if link.execution_id in graph.executions and link.artifact_id in graph.artifacts:
            graph.of_artifact[link.artifact_id, link.kind].append(link)
            graph.of_execution[link.execution_id, link.kind].append(link)
    return graph


def _branch(graph: _Graph, artifact_id: int, near: str, far: str, seen: set[int]) -> Branch:
    artifact = graph.artifacts[artifact_id]
    links = graph.of_artifact[artifact_id, near]
    if artifact_id in seen and links:
        return Branch(artifact, repeated=True)
    seen.add(artifact_id)
    steps = []
    for link in links:
        others = graph.of_execution[link.execution_id, far]
        reached = tuple(
            (other.key, _branch(graph, other.artifact_id, near, far, seen)) for other in others
        )
        steps.append(Step(graph.executions[link.execution_id], link.key, reached))
    return Branch(artifact, tuple(steps))
