"""Which artifacts may go: decided from the records of one store, without touching anything.

An artifact goes if it is old, of none of its pipeline's newest runs, and in a state that is asked
for, unless a model that stays came from it. Models that were blessed or pushed always stay, and so
does every model that is not to go itself; with each stays all that the executions of its lineage
have put out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from headrace.records.entities import RUNNING_STATES, Artifact, Execution, Link
from headrace.records.lineage import producers

MODEL = "Model"
COLLECTED = ("live", "pending", "abandoned", "marked_for_deletion")
"""States of artifacts that have files which may go."""
_MARKED = "marked_for_deletion"


@dataclass(frozen=True)
class Policy:
    """What may go.

    Attributes:
        older_than: seconds since an execution last wrote, read or reused the artifact.
        keep: so many of each pipeline's newest runs keep all that they wrote, read or reused.
        states: of these states only; empty: any that has files.
        pipeline: only what this one made; empty: any.
    """

    older_than: float
    keep: int
    states: tuple[str, ...] = ()
    pipeline: str = ""


@dataclass(frozen=True)
class Holdings:
    """All that a store knows.

    Attributes:
        precious: ids of artifacts that say of a model that it was blessed or pushed.
    """

    artifacts: tuple[Artifact, ...]
    executions: tuple[Execution, ...]
    links: tuple[Link, ...]
    precious: Set[int] = frozenset()


@dataclass(frozen=True)
class Decision:
    """What is to become of the artifacts that have files.

    Attributes:
        remove: ids of those that may go, with the directories of their files.
        lineage: how many stay only because a model that stays came from them.
        foreign: how many would go but have files that no node has made below its own directory.
    """

    remove: dict[int, str] = field(default_factory=dict)
    lineage: int = 0
    foreign: int = 0


def decide(holdings: Holdings, policy: Policy, now: float) -> Decision:
    """Decide by the policy; ``now`` is in seconds since the epoch."""
    records = _Records(holdings)
    present = [item for item in holdings.artifacts if item.state in COLLECTED]
    in_use = records.in_use(policy.keep)
    may_go = {
        item.id
        for item in present
        if item.id not in in_use
        and (not policy.states or item.state in policy.states)
        and (not policy.pipeline or records.pipeline(item.id) == policy.pipeline)
        and (item.state == _MARKED or records.idle(item, now) > policy.older_than)
    }
    staying = {item.id for item in present if item.type == MODEL and item.id not in may_go}
    precious = {item.id for item in present if item.id in holdings.precious}
    kept = may_go & records.lineage(precious | staying)
    going = may_go - kept
    shared = {item.uri for item in holdings.artifacts if item.id not in going}
    remove = {
        item.id: place
        for item in present
        if item.id in going and item.uri not in shared and (place := records.directory(item))
    }
    return Decision(remove, len(kept), len(going) - len(remove))


class _Records:
    """The holdings, ready to be asked."""

    def __init__(self, holdings: Holdings) -> None:
        self._executions = {item.id: item for item in holdings.executions}
        links = [link for link in holdings.links if link.execution_id in self._executions]
        self.makers = producers(holdings.executions, links)
        self._of_artifact: dict[int, list[Link]] = defaultdict(list)
        self._of_execution: dict[int, list[Link]] = defaultdict(list)
        for link in links:
            self._of_artifact[link.artifact_id].append(link)
            self._of_execution[link.execution_id].append(link)

    def pipeline(self, artifact_id: int) -> str:
        maker = self.makers.get(artifact_id)
        return self._executions[maker.execution_id].pipeline if maker else ""

    def idle(self, artifact: Artifact, now: float) -> float:
        """Seconds since anything was done with it."""
        used = [
            self._executions[link.execution_id].updated_ms
            for link in self._of_artifact[artifact.id]
        ]
        return now - max([artifact.created_ms, *used]) / 1000

    def in_use(self, keep: int) -> set[int]:
        """What the newest runs, and runs with an open execution, wrote, read or reused."""
        runs: dict[tuple[str, str], list[Execution]] = defaultdict(list)
        for execution in self._executions.values():
            runs[execution.pipeline, execution.run_id].append(execution)
        by_pipeline: dict[str, list[list[Execution]]] = defaultdict(list)
        for (pipeline, run_id), group in runs.items():
            # What belongs to no run is as good as one each, and never among the newest.
            if run_id:
                by_pipeline[pipeline].append(group)
        newest = [
            group
            for groups in by_pipeline.values()
            for group in sorted(groups, key=_start, reverse=True)[:keep]
        ]
        active = [group for group in runs.values() if any(_is_open(item) for item in group)]
        return {
            link.artifact_id
            for group in (*newest, *active)
            for execution in group
            for link in self._of_execution[execution.id]
        }

    def lineage(self, roots: Iterable[int]) -> set[int]:
        """The roots, and all that the executions which lead to them have put out and read."""
        found, seen = set(roots), set[int]()
        waiting = list(found)
        while waiting:
            for made in self._of_artifact[waiting.pop()]:
                if made.kind != "output" or made.execution_id in seen:
                    continue
                seen.add(made.execution_id)
                new = {link.artifact_id for link in self._of_execution[made.execution_id]} - found
                found |= new
                waiting += new
        return found

    def directory(self, artifact: Artifact) -> str:
        """The directory with the artifact's files and nothing else; empty if there is none.

        TFX puts a node's outputs at NODE/KEY/EXECUTION. An importer's artifact, say, has files that
        somebody else has made.
        """
        maker = self.makers.get(artifact.id)
        if maker is None:
            return ""
        place = artifact.uri.removeprefix("file://").rstrip("/").removesuffix("/value")
        node = self._executions[maker.execution_id].node_id.rpartition(".")[2]
        own = place.endswith(f"/{node}/{maker.key}/{maker.execution_id}")
        return place if place.startswith("/") and node and maker.key and own else ""


def _start(group: list[Execution]) -> int:
    return min(item.created_ms for item in group)


def _is_open(execution: Execution) -> bool:
    return execution.state in RUNNING_STATES
