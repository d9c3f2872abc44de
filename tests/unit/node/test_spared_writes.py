from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service

from headrace.node.metadata import Metadata, open_metadata

INPUT, OUTPUT = pb.Event.INPUT, pb.Event.OUTPUT


class Sent:
    """What reaches ML Metadata of the calls that write executions."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    @property
    def last(self) -> tuple[int, int]:
        """How many artifacts and contexts the last of them had."""
        pairs = self.requests[-1].artifact_event_pairs
        artifacts = sum(pair.HasField("artifact") for pair in pairs)
        return artifacts, len(self.requests[-1].contexts)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    import ml_metadata as mlmd

    sent = Sent()
    call = mlmd.MetadataStore._call

    def listen(self: Any, name: str, request: Any, response: Any, *rest: Any) -> Any:
        if name == "PutExecution":
            kept = service.PutExecutionRequest()
            kept.CopyFrom(request)
            sent.requests.append(kept)
        return call(self, name, request, response, *rest)

    monkeypatch.setattr(mlmd.MetadataStore, "_call", listen)
    return sent


class Store:
    """A store with an execution type, two contexts and an artifact."""

    def __init__(self, handle: Metadata) -> None:
        self.calls = handle.store
        self.type = self.calls.put_execution_type(pb.ExecutionType(name="E"))
        kind = self.calls.put_context_type(pb.ContextType(name="node"))
        self.contexts = [pb.Context(type_id=kind, name=name) for name in ("p.A", "p.B")]
        for context in self.contexts:
            [context.id] = self.calls.put_contexts([context])
        [self.id] = self.calls.put_artifacts([self.new_artifact("/input")])

    def new_artifact(self, uri: str) -> Any:
        kind = self.calls.put_artifact_type(pb.ArtifactType(name="A"))
        return pb.Artifact(type_id=kind, uri=uri)

    def artifact(self) -> Any:
        [found] = self.calls.get_artifacts_by_id([self.id])
        return found

    def put(self, execution: Any, pairs: Any, contexts: Any) -> tuple[int, list[int], list[int]]:
        return self.calls.put_execution(execution, pairs, contexts)


@pytest.fixture
def store(tmp_path: Path, sent: Sent) -> Iterator[Store]:
    assert sent.requests == []  # it listens to what is opened from here on
    with open_metadata(f"sqlite:///{tmp_path}/m.sqlite", tmp_path) as handle:
        yield Store(handle)


def begun(store: Store, pairs: Any = ()) -> Any:
    execution = pb.Execution(type_id=store.type)
    execution.id, _, _ = store.put(execution, pairs, store.contexts)
    return execution


def test_an_input_is_written_as_an_event_alone_and_is_in_every_context(
    store: Store, sent: Sent
) -> None:
    execution = begun(store, [(store.artifact(), pb.Event(type=INPUT))])
    assert sent.last == (0, 2)
    [event] = store.calls.get_events_by_execution_ids([execution.id])
    assert (event.artifact_id, event.type) == (store.id, INPUT)
    for context in store.contexts:
        assert [item.id for item in store.calls.get_artifacts_by_context(context.id)] == [store.id]


def test_an_artifact_that_was_changed_is_written(store: Store, sent: Sent) -> None:
    changed = store.artifact()
    changed.custom_properties["state"].string_value = "published"
    begun(store, [(changed, pb.Event(type=OUTPUT))])
    assert sent.last == (1, 2)
    assert store.artifact().custom_properties["state"].string_value == "published"
    begun(store, [(store.artifact(), pb.Event(type=OUTPUT))])
    assert sent.last == (0, 2)


def test_an_artifact_that_was_changed_since_it_was_read_is_written(
    store: Store, sent: Sent
) -> None:
    before = store.artifact()
    changed = store.artifact()
    changed.uri = "/other"
    store.calls.put_artifacts([changed])
    begun(store, [(before, pb.Event(type=INPUT))])
    assert sent.last == (1, 2)
    assert store.artifact().uri == "/input"


def test_the_end_of_an_execution_names_only_contexts_that_it_is_not_in(
    store: Store, sent: Sent
) -> None:
    execution = begun(store)
    assert sent.last == (0, 2)
    kind = store.contexts[0].type_id
    other = pb.Context(type_id=kind, name="p.C")
    execution.last_known_state = pb.Execution.COMPLETE
    contexts = [store.contexts[0], other, store.contexts[1]]
    _, _, ids = store.put(execution, [], contexts)
    assert sent.last == (0, 1)
    made = store.calls.get_context_by_type_and_name("node", "p.C")
    assert ids == [store.contexts[0].id, made.id, store.contexts[1].id]
    found = {item.id for item in store.calls.get_contexts_by_execution(execution.id)}
    assert found == set(ids)


def test_the_end_of_an_execution_that_another_process_has_begun_names_all(
    store: Store, sent: Sent, tmp_path: Path
) -> None:
    execution = begun(store)
    with open_metadata(f"sqlite:///{tmp_path}/m.sqlite", tmp_path) as other:
        other.store.put_execution(execution, [], store.contexts)
    assert sent.last == (0, 2)


def test_outputs_are_put_into_every_context(store: Store, sent: Sent) -> None:
    execution = begun(store)
    output = store.new_artifact("/output")
    _, [made], _ = store.put(execution, [(output, pb.Event(type=OUTPUT))], store.contexts)
    assert sent.last == (1, 2)
    for context in store.contexts:
        assert [item.id for item in store.calls.get_artifacts_by_context(context.id)] == [made]
