"""Holds what a disturbed run has left against every guarantee of docs/guarantees.md.

It sees the store, the file system and the process table with its own eyes (``store``, ``scene``),
and knows nothing of how headrace keeps its word. What is here looks at plain data only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tests.faults.contents import EMPTY
from tests.faults.scene import Scene
from tests.faults.store import Execution

Outputs = Mapping[str, Mapping[str, str]]
"""Digests of what an undisturbed run puts out, by node and key."""


class Rule(str, Enum):
    """A guarantee."""

    ONE_EXECUTION = "a node has one execution in a run"
    NOTHING_OPEN = "nothing is RUNNING without its process"
    A_REASON = "what failed says why"
    OUTPUTS_WHOLE = "the outputs of what completed are LIVE, on disk and whole"
    NOTHING_HALF = "nobody sees an output of what has not completed"
    ALL_THERE = "a run that ended well has every node"
    NOTHING_LOST = "what completed before is still there"
    NO_DIRECTORY = "no directory of a dead try"
    NO_LEFTOVER = "no temporary file"
    NO_PROCESS = "no process without an owner"
    NO_JOB = "no Flink job without an owner"
    SOUND = "the database is sound"


REPAIRED = frozenset((Rule.NOTHING_OPEN, Rule.NO_DIRECTORY, Rule.NO_LEFTOVER))
"""What may wait for the next launcher, or ``doctor --repair``, where nobody was left to do it."""


@dataclass(frozen=True)
class Complaint:
    """A guarantee that does not hold, and what shows it."""

    rule: Rule
    what: str

    def __str__(self) -> str:
        return f"{self.rule.value}: {self.what}"


@dataclass(frozen=True)
class Claim:
    """What is to be true of one run.

    Attributes:
        ended_well: it has said so.
        expected: what it puts out if undisturbed; an empty digest: something, each time another.
        kept: digests of artifacts that completed before, by id.
    """

    run: str
    ended_well: bool
    expected: Outputs = field(default_factory=dict)
    kept: Mapping[int, str] = field(default_factory=dict)


def audit(scene: Scene, claim: Claim) -> list[Complaint]:
    """Every guarantee that does not hold, in the order of ``Rule``; none is what is hoped for."""
    found = [
        *_sound(scene),
        *_one_execution(scene),
        *_nothing_open(scene),
        *_reasons(scene),
        *_outputs_whole(scene, claim),
        *_nothing_half(scene),
        *_nothing_lost(scene, claim),
        *_directories(scene),
        *(_all_there(scene, claim) if claim.ended_well else ()),
        *(Complaint(Rule.NO_LEFTOVER, str(path)) for path in scene.leftovers),
        *(Complaint(Rule.NO_PROCESS, text) for text in scene.processes),
        *(Complaint(Rule.NO_JOB, text) for text in scene.flink),
    ]
    order = list(Rule)
    return sorted(found, key=lambda complaint: order.index(complaint.rule))


def completed(scene: Scene) -> dict[int, str]:
    """Digests of the artifacts that are complete now, by id: what must not be lost from here on."""
    return {
        artifact.id: scene.digests[artifact.id]
        for execution in scene.store.executions
        if execution.has_succeeded
        for _, artifact in scene.store.outputs(execution)
    }


def _sound(scene: Scene) -> Iterator[Complaint]:
    if scene.store.damage:
        yield Complaint(Rule.SOUND, scene.store.damage)


def _one_execution(scene: Scene) -> Iterator[Complaint]:
    for item in scene.store.executions:
        if item.is_superseded and item.is_open:
            yield Complaint(Rule.ONE_EXECUTION, f"{_name(item)} is superseded and {item.state}")
    counting = [item for item in scene.store.executions if not item.is_superseded]
    made = [item for item in counting if not item.is_resolver]
    counts = Counter((item.run, item.node) for item in made)
    for (run, node), count in counts.items():
        if count > 1:
            yield Complaint(Rule.ONE_EXECUTION, f"{node} of run {run} has {count}")


def _nothing_open(scene: Scene) -> Iterator[Complaint]:
    for item in scene.store.executions:
        if item.is_open and item.id not in scene.alive:
            yield Complaint(
                Rule.NOTHING_OPEN, f"{_name(item)} is {item.state}, process {item.pid} is no more"
            )


def _reasons(scene: Scene) -> Iterator[Complaint]:
    for item in scene.store.executions:
        if item.state == "FAILED" and not item.error:
            yield Complaint(Rule.A_REASON, f"{_name(item)} is FAILED without a word")


def _outputs_whole(scene: Scene, claim: Claim) -> Iterator[Complaint]:
    for item in scene.store.executions:
        if not item.has_succeeded:
            continue
        of_node = claim.expected.get(item.node, {})
        expected = of_node if item.run == claim.run else {}
        outputs = scene.store.outputs(item)
        keys = Counter(key for key, _ in outputs)
        for key in expected.keys() - keys.keys():
            yield Complaint(Rule.OUTPUTS_WHOLE, f"{_name(item)} has no output {key}")
        for key, artifact in outputs:
            what = f"{key} of {_name(item)}, artifact {artifact.id}"
            found = scene.digests[artifact.id]
            if keys[key] > 1:
                yield Complaint(Rule.OUTPUTS_WHOLE, f"{what}: there are {keys[key]} of it")
            if artifact.state != "LIVE":
                yield Complaint(Rule.OUTPUTS_WHOLE, f"{what} is {artifact.state}")
            if not found or (found == EMPTY and of_node.get(key) != EMPTY):
                yield Complaint(Rule.OUTPUTS_WHOLE, f"{what}: nothing is at {artifact.uri}")
            elif expected.get(key) and found != expected[key]:
                yield Complaint(Rule.OUTPUTS_WHOLE, f"{what} is not as in an undisturbed run")


def _nothing_half(scene: Scene) -> Iterator[Complaint]:
    by_id = {item.id: item for item in scene.store.executions}
    made = {
        event.artifact
        for event in scene.store.events
        if event.is_output and by_id[event.execution].has_succeeded
    }
    for artifact in scene.store.artifacts.values():
        if artifact.state == "LIVE" and artifact.id not in made:
            yield Complaint(
                Rule.NOTHING_HALF, f"artifact {artifact.id} is LIVE and no node has completed it"
            )


def _all_there(scene: Scene, claim: Claim) -> Iterator[Complaint]:
    ended = {item.node for item in scene.store.of_run(claim.run) if item.has_succeeded}
    for node in sorted(claim.expected.keys() - ended):
        yield Complaint(Rule.ALL_THERE, f"{node} of run {claim.run} has not completed")


def _nothing_lost(scene: Scene, claim: Claim) -> Iterator[Complaint]:
    for number, before in claim.kept.items():
        artifact = scene.store.artifacts.get(number)
        if artifact is None:
            yield Complaint(Rule.NOTHING_LOST, f"artifact {number} is not in the store any more")
        elif scene.digests[number] != before:
            yield Complaint(Rule.NOTHING_LOST, f"artifact {number} was changed at {artifact.uri}")


def _directories(scene: Scene) -> Iterator[Complaint]:
    """Each belongs to an execution that has completed; while one runs, its own cannot be told."""
    if scene.alive:
        return
    ended_well = [item for item in scene.store.executions if item.has_succeeded]
    outputs = {
        place
        for item in ended_well
        for _, artifact in scene.store.outputs(item)
        for place in (Path(artifact.uri), *Path(artifact.uri).parents)
    }
    numbers = {(item.node, str(item.id)) for item in ended_well}
    for directory in scene.directories:
        # TFX keeps NODE/.system/executor_execution/ID of what has completed.
        node, kind = directory.parents[2].name, directory.parent.name
        is_tfx = kind == "executor_execution" and (node, directory.name) in numbers
        if not is_tfx and directory not in outputs:
            yield Complaint(Rule.NO_DIRECTORY, str(directory))


def _name(execution: Execution) -> str:
    return f"{execution.node} of run {execution.run}, execution {execution.id}"
