"""On a real store, and beside what TFX itself finds in it."""

from pathlib import Path
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx.orchestration.portable.input_resolution import channel_resolver

from headrace.keeping.superseding import mark_superseded
from headrace.node import lookups

TFX_FINDS = channel_resolver._get_executions_by_all_contexts


class Asked:
    """A store that counts what it tells."""

    def __init__(self, store: mlmd.MetadataStore) -> None:
        self.store, self.told = store, 0

    def get_executions_by_context(self, context_id: int, **options: Any) -> list[pb.Execution]:
        found = self.store.get_executions_by_context(context_id, **options)
        self.told += len(found)
        return found

    def _call(self, name: str, request: Any, response: Any) -> None:
        self.store._call(name, request, response)
        self.told += len(response.executions)

    def get_contexts_by_execution(self, execution_id: int) -> list[pb.Context]:
        found = self.store.get_contexts_by_execution(execution_id)
        self.told += len(found)
        return found


class Filled:
    """A pipeline of nodes A and B, with many runs of both, and one run of many nodes."""

    def __init__(self, folder: Path, runs: int) -> None:
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(folder / "m.sqlite")
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = mlmd.MetadataStore(config)
        self.types = {
            name: self.store.put_context_type(pb.ContextType(name=name))
            for name in ("pipeline", "pipeline_run", "node")
        }
        self.kind = self.store.put_execution_type(pb.ExecutionType(name="Component"))
        self.pipeline = self.context("pipeline", "p")
        self.nodes = {name: self.context("node", f"p.{name}") for name in "AB"}
        self.runs = [self.context("pipeline_run", f"r{number}") for number in range(runs)]
        for run in self.runs:
            for node in self.nodes.values():
                self.execution(run, node)
        self.large = self.context("pipeline_run", "large")
        self.many = [self.context("node", f"p.M{number}") for number in range(12)]
        for node in self.many:
            self.execution(self.large, node)

    def context(self, kind: str, name: str) -> pb.Context:
        self.store.put_contexts([pb.Context(type_id=self.types[kind], name=name)])
        return self.store.get_context_by_type_and_name(kind, name)

    def execution(self, *contexts: pb.Context) -> int:
        made = pb.Execution(type_id=self.kind, last_known_state=pb.Execution.COMPLETE)
        return self.store.put_execution(made, [], [self.pipeline, *contexts])[0]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    return Filled(tmp_path_factory.mktemp("store"), runs=60)


def ids(executions: list[pb.Execution]) -> list[int]:
    return [execution.id for execution in executions]


@pytest.mark.parametrize("run", [0, 30, 59])
@pytest.mark.parametrize("node", ["A", "B"])
def test_the_execution_of_a_node_in_a_run_is_found_whatever_its_age(
    filled: Filled, run: int, node: str
) -> None:
    contexts = [filled.pipeline, filled.runs[run], filled.nodes[node]]
    found = lookups.executions_in_all(filled.store, contexts)
    assert ids(found) == ids(TFX_FINDS(filled.store, contexts))
    assert len(found) == 1


@pytest.mark.parametrize("number", [0, 11])
def test_the_execution_of_a_node_is_found_among_many_of_a_run(filled: Filled, number: int) -> None:
    contexts = [filled.pipeline, filled.large, filled.many[number]]
    found = lookups.executions_in_all(filled.store, contexts)
    assert ids(found) == ids(TFX_FINDS(filled.store, contexts))
    assert len(found) == 1


def test_only_executions_of_the_nodes_type_are_asked_for_their_contexts(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(filled.store)
    contexts = [filled.pipeline, filled.large, filled.many[3]]
    monkeypatch.setattr(lookups, "_types", {"p.M3": "Another"})
    assert lookups.executions_in_all(asked, contexts) == []
    assert asked.told == 12
    monkeypatch.setattr(lookups, "_types", {"p.M3": "Component"})
    assert len(lookups.executions_in_all(filled.store, contexts)) == 1


def test_what_is_superseded_is_found_without_its_run_only(tmp_path: Path) -> None:
    filled = Filled(tmp_path, runs=1)
    run, node = filled.context("pipeline_run", "cleared"), filled.nodes["A"]
    [before, after] = [filled.execution(run, node) for _ in range(2)]
    [execution] = filled.store.get_executions_by_id([before])
    mark_superseded(execution)
    filled.store.put_executions([execution])
    contexts = [filled.pipeline, run, node]
    assert ids(lookups.executions_in_all(filled.store, contexts)) == [after]
    assert sorted(ids(TFX_FINDS(filled.store, contexts))) == [before, after]
    assert before in ids(lookups.executions_in_all(filled.store, [filled.pipeline, node]))


def test_of_a_node_without_a_run_all_executions_are_found(filled: Filled) -> None:
    contexts = [filled.pipeline, filled.nodes["A"]]
    found = ids(lookups.executions_in_all(filled.store, contexts))
    assert found == sorted(ids(TFX_FINDS(filled.store, contexts)))
    assert len(found) == 60


def test_of_a_pipeline_alone_all_executions_are_found(filled: Filled) -> None:
    assert len(lookups.executions_in_all(filled.store, [filled.pipeline])) == 132
    assert lookups.executions_in_all(filled.store, []) == []


def test_a_run_without_executions_is_answered_by_the_run_alone(filled: Filled) -> None:
    asked = Asked(filled.store)
    new = filled.context("pipeline_run", "new")
    contexts = [filled.pipeline, new, filled.nodes["A"]]
    assert lookups.executions_in_all(asked, contexts) == []
    assert asked.told == 0


def test_what_is_read_does_not_grow_with_the_pipelines_history(filled: Filled) -> None:
    asked = Asked(filled.store)
    lookups.executions_in_all(asked, [filled.pipeline, filled.runs[-1], filled.nodes["A"]])
    assert asked.told <= 2 + 2 * 3


def test_a_context_whose_type_is_not_named_is_looked_into(filled: Filled) -> None:
    run = pb.Context(id=filled.runs[5].id, type_id=filled.types["pipeline_run"], name="r5")
    found = lookups.executions_in_all(filled.store, [filled.pipeline, run, filled.nodes["B"]])
    assert len(found) == 1


def test_a_node_whose_pipeline_is_not_clear_from_its_name_is_looked_for_in_both(
    filled: Filled,
) -> None:
    node = filled.context("node", "p.q.C")
    mine = filled.execution(node)
    other = filled.context("pipeline", "p.q")
    assert ids(lookups.executions_in_all(filled.store, [filled.pipeline, node])) == [mine]
    assert lookups.executions_in_all(filled.store, [other, node]) == []


class Handle:
    def __init__(self, store: Any) -> None:
        self.store = store


@pytest.mark.parametrize(("good", "reads"), [(55, 1), (3, 2)])
def test_cached_outputs_are_looked_for_among_the_newest_executions_first(
    filled: Filled, good: int, reads: int
) -> None:
    looked: list[int] = []

    def find(metadata_handle: Any, cache_context: pb.Context) -> str | None:
        found = metadata_handle.store.get_executions_by_context(cache_context.id)
        looked.append(len(found))
        wanted = filled.runs[good].id
        contexts = filled.store.get_contexts_by_execution
        return "outputs" if any(
            wanted in [c.id for c in contexts(item.id)] for item in found
        ) else None  # fmt: skip

    newest_first = lookups._newest_first(find)
    node = filled.nodes["A"]
    assert newest_first(metadata_handle=Handle(filled.store), cache_context=node) == "outputs"
    assert looked == [20, 60][:reads]
