"""With TFX's own publisher, on a real store."""

from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx.orchestration.portable import execution_publish_utils as publisher
from tfx.types import standard_artifacts

from headrace.node.executions import output_results
from headrace.node.metadata import Metadata, open_metadata
from headrace.node.publication import Publication


@pytest.fixture
def metadata(tmp_path: Path) -> Metadata:
    return open_metadata(f"sqlite:///{tmp_path}/m.sqlite", tmp_path)


def registered(metadata: Metadata) -> pb.Execution:
    return publisher.register_execution(metadata, pb.ExecutionType(name="Component"), [])


def model(uri: str) -> standard_artifacts.Model:
    made = standard_artifacts.Model()
    made.uri = uri
    return made


def noted(execution: pb.Execution, outputs: list[int]) -> None:
    execution.custom_properties["note"].string_value = f"{len(outputs)} outputs"


def test_the_notes_are_written_with_the_end_and_the_outputs_are_known(metadata: Metadata) -> None:
    publication = Publication(metadata, noted)
    with metadata as handle:
        execution = registered(handle)
        assert publication.of(execution.id) is None
        outputs = {"model": [model("/a"), model("/b")]}
        publisher.publish_succeeded_execution(handle, execution.id, [], outputs)
        published = publication.of(execution.id)
        [stored] = handle.store.get_executions_by_id([execution.id])
        assert published is not None
        assert published.execution.last_known_state == pb.Execution.COMPLETE
        assert published.outputs == output_results(handle, execution.id)
    assert [(item.key, item.type, item.uri) for item in published.outputs or []] == [
        ("model", "Model", "/a"),
        ("model", "Model", "/b"),
    ]
    assert stored.custom_properties["note"].string_value == "2 outputs"
    assert metadata.calls["PutExecution"] == 2
    assert metadata.calls["PutExecutions"] == 0


def test_a_cached_execution_has_the_outputs_of_another(metadata: Metadata) -> None:
    publication = Publication(metadata, noted)
    with metadata as handle:
        first, second = registered(handle), registered(handle)
        made, _ = publisher.publish_succeeded_execution(
            handle, first.id, [], {"model": [model("/a")]}
        )
        publisher.publish_cached_executions(handle, [], [second], [made])
        cached = publication.of(second.id)
        assert cached is not None
        assert cached.execution.last_known_state == pb.Execution.CACHED
        assert cached.outputs == output_results(handle, second.id)
        assert cached.outputs == getattr(publication.of(first.id), "outputs", None)


def test_a_failure_is_written_as_it_is(metadata: Metadata) -> None:
    publication = Publication(metadata, noted)
    with metadata as handle:
        execution = registered(handle)
        publisher.publish_failed_execution(handle, [], execution.id)
        [stored] = handle.store.get_executions_by_id([execution.id])
    assert publication.of(execution.id) is None
    assert "note" not in stored.custom_properties


def test_an_execution_is_noted_from_its_registration_on(metadata: Metadata) -> None:
    def begun(execution: pb.Execution) -> None:
        execution.custom_properties["process"].string_value = "mine"

    Publication(metadata, noted, begun)
    with metadata as handle:
        execution = registered(handle)
        [stored] = handle.store.get_executions_by_id([execution.id])
        assert stored.custom_properties["process"].string_value == "mine"
        publisher.publish_succeeded_execution(handle, execution.id, [], {})
        [ended] = handle.store.get_executions_by_id([execution.id])
    assert ended.last_known_state == pb.Execution.COMPLETE
    assert ended.custom_properties["process"].string_value == "mine"
    assert metadata.calls["PutExecution"] == 2
