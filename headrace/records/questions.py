"""What the metadata store can be asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunsQuestion:
    """The newest runs; ``limit`` 0 is all, an empty ``pipeline`` any."""

    limit: int
    pipeline: str = ""


@dataclass(frozen=True)
class RunQuestion:
    """One run, by its id or an unambiguous beginning of it, with its outputs."""

    run: str
    pipeline: str = ""


@dataclass(frozen=True)
class ArtifactsQuestion:
    """The newest artifacts that all of these hold for; ``limit`` 0 is all, an empty text any."""

    limit: int
    type: str = ""
    run: str = ""
    pipeline: str = ""
    state: str = ""


@dataclass(frozen=True)
class LineageQuestion:
    """What an artifact was made from and what was made from it, up to ``depth`` executions away.

    ``pipeline`` is one that has run in the store that is meant; empty: any.
    """

    artifact_id: int
    depth: int
    pipeline: str = ""


Question = RunsQuestion | RunQuestion | ArtifactsQuestion | LineageQuestion
QUESTIONS: dict[str, type[Question]] = {
    "runs": RunsQuestion,
    "run": RunQuestion,
    "artifacts": ArtifactsQuestion,
    "lineage": LineageQuestion,
}
