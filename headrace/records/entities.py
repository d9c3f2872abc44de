"""Executions, artifacts and the links between them, free of ML Metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

RUNNING_STATES = frozenset(("new", "running"))


@dataclass(frozen=True)
class Execution:
    """One execution of a node.

    Attributes:
        run_id, pipeline: of the outermost pipeline, if it is in a sub-pipeline; both empty for an
            execution that belongs to no pipeline run.
        node_id: the ids of the sub-pipelines that it is in and its own, joined by dots.
        component: dotted type name, such as the executor's class path.
        state: MLMD's, in lower case: ``running``, ``complete``, ``cached``, ``failed``, ...
        created_ms, updated_ms: when it was registered and last written, since the epoch.
        wall_seconds, cpu_seconds, peak_memory_bytes: None where another program ran it.
        code: digest of the project's code that it ran; empty if it ran none.
        cache: why it was, or was not, served from the cache; empty where nobody said.
        error: first line of why it failed; empty if it did not, or nobody kept that.
        superseded: the node was asked for anew in its run after it: it does not count there.
    """

    id: int
    run_id: str
    pipeline: str
    node_id: str
    component: str
    state: str
    created_ms: int
    updated_ms: int
    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    owner: str = ""
    code: str = ""
    cache: str = ""
    error: str = ""
    superseded: bool = False


@dataclass(frozen=True)
class Artifact:
    """An artifact; ``state`` is MLMD's, in lower case: ``live``, ``pending``, ``abandoned``, ..."""

    id: int
    type: str
    name: str
    uri: str
    state: str
    created_ms: int


@dataclass(frozen=True)
class Link:
    """An execution read or wrote an artifact.

    Attributes:
        kind: ``input`` or ``output``, or ``internal`` for what a resolver found.
        key: the channel's key, such as ``examples``.
    """

    artifact_id: int
    execution_id: int
    kind: str
    key: str


@dataclass(frozen=True)
class Records:
    """What was read for one question.

    Attributes:
        notice: something to tell the user beside it, such as that there is no store yet.
        total: how many artifacts there were before a limit was put on them.
    """

    executions: tuple[Execution, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    links: tuple[Link, ...] = ()
    notice: str = ""
    total: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Records:
        """Read what ``to_dict`` wrote, also after JSON."""
        return cls(
            executions=tuple(Execution(**item) for item in fields["executions"]),
            artifacts=tuple(Artifact(**item) for item in fields["artifacts"]),
            links=tuple(Link(**item) for item in fields["links"]),
            notice=fields["notice"],
            total=fields["total"],
        )
