"""Answers questions from a metadata store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ml_metadata import errors
from ml_metadata.proto import metadata_store_pb2

from headrace.errors import HeadraceError, UsageError
from headrace.records.entities import Artifact, Execution, Link, Records
from headrace.records.lineage import producers
from headrace.records.places import NODE, PIPELINE, RUN, Place, place
from headrace.records.questions import (
    ArtifactsQuestion,
    LineageQuestion,
    RunQuestion,
    RunsQuestion,
)
from headrace.store.protos import artifact_record, execution_record, link_record

_SHOWN_CANDIDATES = 10
_MANY_RUNS = 200
_MANY_EXECUTIONS = 1000
_MOST_EXECUTIONS = 500
"""Of one lineage: a schema that every run reads has thousands."""

RunKey = tuple[str, str]


class Reader:
    """Reads one store; remembers where executions belong, for one question."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._places: dict[int, Place] = {}

    def runs(self, question: RunsQuestion) -> Records:
        """The executions of the newest runs.

        Raises:
            HeadraceError: there is no such pipeline.
        """
        wanted = self._ids_of_pipeline(question.pipeline) if question.pipeline else None
        found: dict[RunKey, list[Execution]] = {}
        if not question.limit or question.limit > _MANY_RUNS:
            self._learn_all_places()
        for context in self._run_contexts():
            protos = self._store.get_executions_by_context(context.id)
            if wanted is not None:
                protos = [proto for proto in protos if proto.id in wanted]
            for execution in self._executions(protos):
                # A sub-pipeline's own run is not listed: its executions are in the outer run, too.
                if execution.run_id == context.name:
                    found.setdefault((context.name, execution.pipeline), []).append(execution)
            if question.limit and len(found) >= question.limit:
                break
        kept = list(found.values())[: question.limit or None]
        return Records(executions=tuple(item for group in kept for item in group))

    def run(self, question: RunQuestion) -> Records:
        """The executions of one run, and what they put out.

        Raises:
            HeadraceError: there is no such run.
            UsageError: there are several.
        """
        executions = self._run(question.run, question.pipeline)
        links = self.links_of_executions([item.id for item in executions])
        outputs = tuple(link for link in links if link.kind != "input")
        artifacts = self._artifacts_by_id({link.artifact_id for link in outputs})
        return Records(tuple(executions), tuple(artifacts), outputs)

    def artifacts(self, question: ArtifactsQuestion) -> Records:
        """The newest artifacts that the question asks for, with the executions that made them.

        Raises:
            HeadraceError: there is no such type, run or pipeline.
            UsageError: there are several such runs.
        """
        found = [
            artifact
            for artifact in map(artifact_record, self._candidates(question))
            if (not question.type or artifact.type == question.type)
            and (not question.state or artifact.state == question.state)
        ]
        found.sort(key=lambda artifact: artifact.id, reverse=True)
        if question.pipeline and not question.run:
            ours, made = self._ids_of_pipeline(question.pipeline), self._origins(found)
            found = [a for a in found if a.id in made and made[a.id].execution_id in ours]
        kept = found[: question.limit or None]
        links = self._origins(kept)
        protos = self.executions_by_id({link.execution_id for link in links.values()})
        executions = self.placed(protos)
        return Records(tuple(executions), tuple(kept), tuple(links.values()), total=len(found))

    def lineage(self, question: LineageQuestion) -> Records:
        """The artifacts and executions before and after an artifact.

        Executions that were served from the cache are left out: they made nothing, and what they
        put out is shown with the execution that made it.

        Raises:
            HeadraceError: there is no such artifact or pipeline.
        """
        if question.pipeline:
            self._ids_of_pipeline(question.pipeline)
        if not self._store.get_artifacts_by_id([question.artifact_id]):
            raise HeadraceError(
                f"there is no artifact {question.artifact_id}",
                "bin/headrace artifacts lists those that there are",
            )
        walk = _Walk(self, question)
        walk.go("output", "input")
        walk.go("input", "output")
        artifacts = self._artifacts_by_id(walk.artifacts)
        notice = ""
        if walk.left_out:
            notice = f"more is left out: it goes on after {question.depth} executions (--depth)"
        if len(walk.executions) >= _MOST_EXECUTIONS:
            notice = f"more is left out: there are over {_MOST_EXECUTIONS} executions"
        executions = tuple(walk.executions.values())
        return Records(executions, tuple(artifacts), tuple(walk.links), notice)

    def links_of_artifacts(self, ids: Sequence[int]) -> list[Link]:
        events = self._store.get_events_by_artifact_ids(ids) if ids else []
        return [link_record(event) for event in events]

    def links_of_executions(self, ids: Sequence[int]) -> list[Link]:
        events = self._store.get_events_by_execution_ids(ids) if ids else []
        return [link_record(event) for event in events]

    def executions_by_id(self, ids: Iterable[int]) -> list[Any]:
        wanted = sorted(ids)
        return list(self._store.get_executions_by_id(wanted)) if wanted else []

    def placed(self, protos: Sequence[Any]) -> list[Execution]:
        if len(protos) > _MANY_EXECUTIONS:
            self._learn_all_places()
        return list(self._executions(protos))

    def _executions(self, protos: Iterable[Any]) -> Iterator[Execution]:
        for proto in protos:
            if proto.id not in self._places:
                contexts = self._contexts(proto.id)
                self._places[proto.id] = place((item.type, item.name) for item in contexts)
            yield execution_record(proto, self._places[proto.id])

    def _contexts(self, execution_id: int) -> list[Any]:
        try:
            return list(self._store.get_contexts_by_execution(execution_id))
        except errors.NotFoundError:
            return []  # of another program than TFX

    def _learn_all_places(self) -> None:
        """Places of all executions, context by context: for many that is far fewer calls."""
        contexts: dict[int, list[tuple[str, str]]] = {}
        for kind in (PIPELINE, RUN, NODE):
            for context in self._store.get_contexts_by_type(kind):
                for proto in self._store.get_executions_by_context(context.id):
                    contexts.setdefault(proto.id, []).append((kind, context.name))
        self._places.update((item, place(names)) for item, names in contexts.items())

    def _run_contexts(self) -> list[Any]:
        """Contexts of runs, the newest first."""
        found = self._store.get_contexts_by_type(RUN)
        return sorted(found, key=lambda context: int(context.id), reverse=True)

    def _ids_of_pipeline(self, pipeline: str) -> set[int]:
        context = self._store.get_context_by_type_and_name(PIPELINE, pipeline)
        if context is None:
            known = sorted(item.name for item in self._store.get_contexts_by_type(PIPELINE))
            raise HeadraceError(
                f"no pipeline {pipeline!r} has run", f"pipelines that have: {', '.join(known)}"
            )
        return {item.id for item in self._store.get_executions_by_context(context.id)}

    def _run(self, run: str, pipeline: str) -> list[Execution]:
        contexts = self._run_contexts()
        matching = [item for item in contexts if item.name == run] or [
            item for item in contexts if run and item.name.startswith(run)
        ]
        found: dict[RunKey, None] = {}
        for context in matching:
            for execution in self._executions(self._store.get_executions_by_context(context.id)):
                if not pipeline or execution.pipeline == pipeline:
                    found.setdefault((execution.run_id, execution.pipeline))
            if len(found) > _SHOWN_CANDIDATES:
                break
        if not found:
            of = f" of {pipeline}" if pipeline else ""
            raise HeadraceError(f"there is no run {run!r}{of}", "bin/headrace runs lists them")
        if len(found) > 1:
            raise UsageError(f"{run!r} is more than one run", _candidates_hint(list(found)))
        [(run_id, of_pipeline)] = found
        context = self._store.get_context_by_type_and_name(RUN, run_id)
        protos = self._store.get_executions_by_context(context.id)
        return [item for item in self._executions(protos) if item.pipeline == of_pipeline]

    def _candidates(self, question: ArtifactsQuestion) -> Sequence[Any]:
        """Artifacts among which those asked for are."""
        if question.run:
            executions = self._run(question.run, question.pipeline)
            links = self.links_of_executions([item.id for item in executions])
            ids = sorted({link.artifact_id for link in links if link.kind == "output"})
            return list(self._store.get_artifacts_by_id(ids)) if ids else []
        if question.type:
            known = sorted(item.name for item in self._store.get_artifact_types())
            if question.type not in known:
                raise HeadraceError(
                    f"there is no artifact of type {question.type!r}",
                    f"types that there are: {', '.join(known)}",
                )
        if question.type:
            return list(self._store.get_artifacts_by_type(question.type))
        return list(self._store.get_artifacts())

    def _origins(self, artifacts: Sequence[Artifact]) -> dict[int, Link]:
        """The link of each artifact to the execution that made it."""
        ids = [artifact.id for artifact in artifacts]
        links = [link for link in self.links_of_artifacts(ids) if link.kind == "output"]
        protos = self.executions_by_id({link.execution_id for link in links})
        nowhere = Place("", "", "")
        return producers([execution_record(proto, nowhere) for proto in protos], links)

    def _artifacts_by_id(self, ids: Iterable[int]) -> list[Artifact]:
        wanted = sorted(ids)
        found = self._store.get_artifacts_by_id(wanted) if wanted else []
        return [artifact_record(proto) for proto in found]


class _Walk:
    """Goes from an artifact over executions, breadth first, one way and then the other."""

    def __init__(self, reader: Reader, question: LineageQuestion) -> None:
        self._reader = reader
        self._question = question
        self.artifacts = {question.artifact_id}
        self.executions: dict[int, Execution] = {}
        self.links: dict[Link, None] = {}
        self.left_out = False

    def go(self, near: str, far: str) -> None:
        front, seen = {self._question.artifact_id}, {self._question.artifact_id}
        for step in range(self._question.depth + 1):
            links = [
                link for link in self._reader.links_of_artifacts(sorted(front)) if link.kind == near
            ]
            protos = [
                proto
                for proto in self._reader.executions_by_id({link.execution_id for link in links})
                if proto.last_known_state != metadata_store_pb2.Execution.CACHED
            ]
            if not protos:
                return
            if step == self._question.depth or len(self.executions) >= _MOST_EXECUTIONS:
                self.left_out = True
                return
            for execution in self._reader.placed(protos[: _MOST_EXECUTIONS - len(self.executions)]):
                self.executions[execution.id] = execution
            ids = {proto.id for proto in protos} & set(self.executions)
            self.links.update(dict.fromkeys(link for link in links if link.execution_id in ids))
            others = [
                link for link in self._reader.links_of_executions(sorted(ids)) if link.kind == far
            ]
            self.links.update(dict.fromkeys(others))
            front = {link.artifact_id for link in others} - seen
            seen |= front
            self.artifacts |= front
            if not front:
                return


def _candidates_hint(found: list[RunKey]) -> str:
    shown = [f"{run_id} of {pipeline}" for run_id, pipeline in found[:_SHOWN_CANDIDATES]]
    more = ["..."] if len(found) > _SHOWN_CANDIDATES else []
    same = len({run_id for run_id, _ in found}) == 1
    advice = "say which pipeline's with --pipeline" if same else "give more of its id"
    return "\n".join([f"{advice}; it could be:", *shown, *more])
