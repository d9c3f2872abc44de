"""The lineage of an artifact as two trees: what it was made from, and what was made from it.

A tree has each artifact (upstream) or execution (downstream) in full once, as near to the root as
it is met, and elsewhere marks it as repeated.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headrace.records.entities import Artifact, Execution, Link, Records


@dataclass(frozen=True)
class Origin:
    """An artifact, and what it was made from.

    Attributes:
        maker: the execution that made it; None where the store knows of none.
        inputs: what the maker read, by its keys; empty where ``repeated``.
    """

    artifact: Artifact
    maker: Execution | None = None
    inputs: tuple[tuple[str, Origin], ...] = ()
    repeated: bool = False


@dataclass(frozen=True)
class Use:
    """An execution that read an artifact, and who read what it made.

    Attributes:
        keys: of what it read here.
        made, uses: empty where ``repeated``.
    """

    execution: Execution
    keys: tuple[str, ...]
    made: tuple[Artifact, ...] = ()
    uses: tuple[Use, ...] = ()
    repeated: bool = False


def upstream(records: Records, artifact_id: int) -> Origin:
    """What the artifact was made from. KeyError if it is not among the records."""
    return _Upstream(records).origin(artifact_id, None)


def downstream(records: Records, artifact_id: int) -> tuple[Use, ...]:
    """What was made from the artifact. KeyError if it is not among the records."""
    return _Downstream(records, artifact_id).uses((artifact_id,), None)


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


class _Graph:
    """The records, ready to be walked; links to what is not among them are left out."""

    def __init__(self, records: Records) -> None:
        self.artifacts = {item.id: item for item in records.artifacts}
        self.executions = {item.id: item for item in records.executions}
        self.makers: dict[int, Execution] = {}
        self.reads: dict[int, list[Link]] = defaultdict(list)
        self.read_by: dict[int, list[Link]] = defaultdict(list)
        self.made: dict[int, list[int]] = defaultdict(list)
        for link in producers(records.executions, records.links).values():
            if link.artifact_id in self.artifacts:
                self.makers[link.artifact_id] = self.executions[link.execution_id]
                self.made[link.execution_id].append(link.artifact_id)
        known = (
            link
            for link in records.links
            if link.kind == "input"
            and link.execution_id in self.executions
            and link.artifact_id in self.artifacts
        )
        for link in sorted(known, key=lambda item: (item.execution_id, item.key, item.artifact_id)):
            self.reads[link.execution_id].append(link)
            self.read_by[link.artifact_id].append(link)


class _Upstream:
    def __init__(self, records: Records) -> None:
        self._graph = _Graph(records)
        self._home: dict[int, Link | None] = {}

    def origin(self, artifact_id: int, link: Link | None) -> Origin:
        if link is None:
            self._settle(artifact_id)
        artifact, maker = self._graph.artifacts[artifact_id], self._graph.makers.get(artifact_id)
        reads = self._graph.reads[maker.id] if maker else []
        if reads and self._home[artifact_id] != link:
            return Origin(artifact, maker, repeated=True)
        inputs = tuple((read.key, self.origin(read.artifact_id, read)) for read in reads)
        return Origin(artifact, maker, inputs)

    def _settle(self, root: int) -> None:
        """Decide under which link each artifact is told in full: the first, breadth first."""
        self._home[root] = None
        waiting = deque([root])
        while waiting:
            maker = self._graph.makers.get(waiting.popleft())
            for read in self._graph.reads[maker.id] if maker else ():
                if read.artifact_id not in self._home:
                    self._home[read.artifact_id] = read
                    waiting.append(read.artifact_id)


class _Downstream:
    def __init__(self, records: Records, root: int) -> None:
        self._graph = _Graph(records)
        self._home: dict[int, int | None] = {}
        if root not in self._graph.artifacts:
            raise KeyError(root)
        self._settle(root)

    def uses(self, artifacts: Iterable[int], parent: int | None) -> tuple[Use, ...]:
        return tuple(
            self._use(reader, keys, parent) for reader, keys in self._readers(artifacts).items()
        )

    def _use(self, reader: int, keys: list[str], parent: int | None) -> Use:
        execution = self._graph.executions[reader]
        if self._home[reader] != parent:
            return Use(execution, tuple(keys), repeated=True)
        made = self._graph.made[reader]
        known = tuple(self._graph.artifacts[item] for item in made)
        return Use(execution, tuple(keys), known, self.uses(made, reader))

    def _readers(self, artifacts: Iterable[int]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for link in self._links(artifacts):
            found.setdefault(link.execution_id, []).append(link.key)
        return dict(sorted(found.items()))

    def _links(self, artifacts: Iterable[int]) -> Iterator[Link]:
        for artifact in artifacts:
            yield from self._graph.read_by[artifact]

    def _settle(self, root: int) -> None:
        """Decide under which execution each one is told in full: the first, breadth first."""
        waiting: deque[tuple[int | None, list[int]]] = deque([(None, [root])])
        while waiting:
            parent, artifacts = waiting.popleft()
            for reader in self._readers(artifacts):
                if reader not in self._home:
                    self._home[reader] = parent
                    waiting.append((reader, self._graph.made[reader]))
