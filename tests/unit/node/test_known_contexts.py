from pathlib import Path
from typing import Any

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service
from tfx.proto.orchestration import pipeline_pb2

from headrace.node.known_contexts import claim_contexts, contexts_of
from headrace.node.metadata import Metadata, open_metadata


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/metadata.sqlite"


@pytest.fixture
def handle(url: str, tmp_path: Path) -> Metadata:
    return open_metadata(url, tmp_path)


def kind(handle: Any, name: str) -> int:
    handle.store.put_context_type(pb.ContextType(name=name))
    return handle.store.get_context_type(name).id


def put_as_tfx_does(url: str, name: str) -> int:
    """A context without an external id, as other runners write it."""
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = url.removeprefix("sqlite:///")
    store = mlmd.MetadataStore(config)
    [made] = store.put_contexts([pb.Context(type_id=store.get_context_type("node").id, name=name)])
    return made


def test_contexts_that_were_looked_up_are_not_asked_for_again(handle: Metadata, url: str) -> None:
    with handle:
        made = handle.store.put_contexts(
            [pb.Context(type_id=kind(handle, "node"), name=name) for name in ("p.A", "p.B")]
        )
    other = open_metadata(url, Path())
    other.look_up([("node", "p.A"), ("node", "p.B"), ("node", "p.C")])
    other.look_up([("node", "p.A")])
    with other:
        found = [other.store.get_context_by_type_and_name("node", name) for name in ("p.A", "p.B")]
        assert [item.id for item in found] == made
        assert other.calls == {"open": 1, "GetContextsByExternalIds": 1}
        assert other.store.get_context_by_type_and_name("node", "p.C") is None


def test_an_empty_store_has_none(handle: Metadata) -> None:
    handle.look_up([("pipeline", "p")])
    with handle, pytest.raises(mlmd.errors.NotFoundError):
        handle.store.get_context_type("pipeline")


def test_contexts_of_other_runners_are_found_once_a_node_has_written_them_again(
    handle: Metadata, url: str
) -> None:
    with handle:
        type_id = kind(handle, "node")
        made = put_as_tfx_does(url, "p.A")
        execution = handle.store.put_execution_type(pb.ExecutionType(name="E"))
        handle.store.put_execution(
            pb.Execution(type_id=execution), [], [pb.Context(id=made, type_id=type_id, name="p.A")]
        )
    other = open_metadata(url, Path())
    other.look_up([("node", "p.A")])
    with other:
        assert other.store.get_context_by_type_and_name("node", "p.A").id == made
    assert other.calls["GetContextByTypeAndName"] == 0


def test_only_contexts_whose_names_are_known_before_get_an_id() -> None:
    request = service.PutContextsRequest(
        contexts=[
            pb.Context(type_id=1, name="p"),
            pb.Context(type_id=2, name="key"),
            pb.Context(type="node", name="p.A"),
            pb.Context(type_id=1, name="q", external_id="mine"),
        ]
    )
    claim_contexts(request, {1: "pipeline", 2: "execution_cache"})
    ids = [item.external_id for item in request.contexts]
    assert ids == ["headrace:context:pipeline:p", "", "headrace:context:node:p.A", "mine"]
    claim_contexts(service.PutExecutionTypeRequest(), {})


def test_a_node_looks_into_its_own_contexts_and_those_before_it() -> None:
    def spec(type_name: str, name: str) -> Any:
        made = pipeline_pb2.ContextSpec()
        made.type.name = type_name
        made.name.field_value.string_value = name
        return made

    node = pipeline_pb2.PipelineNode()
    node.contexts.contexts.extend([spec("pipeline", "p"), spec("node", "p.B")])
    queries = node.inputs.inputs["examples"].channels.add().context_queries
    for type_name, name in (("pipeline", "p"), ("node", "p.A"), ("mine", "x"), ("node", "")):
        query = queries.add()
        query.type.name, query.name.field_value.string_value = type_name, name
    assert contexts_of(node) == [("pipeline", "p"), ("node", "p.B"), ("node", "p.A")]
