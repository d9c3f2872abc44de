from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service

from headrace.store.ordering import put_in_order


def artifacts(*ids: int) -> list[pb.Artifact]:
    return [pb.Artifact(id=one) for one in ids]


def ids_of(response) -> list[int]:
    return [item.id for item in response.artifacts]


def event(artifact: int, time: int, index: int, *, key_last: bool = False) -> pb.Event:
    steps = [pb.Event.Path.Step(key="out"), pb.Event.Path.Step(index=index)]
    made = pb.Event(artifact_id=artifact, execution_id=1, milliseconds_since_epoch=time)
    made.path.steps.extend(reversed(steps) if key_last else steps)
    return made


def test_what_was_asked_for_by_id_comes_as_it_was_asked_for() -> None:
    request = service.GetArtifactsByIDRequest(artifact_ids=[7, 3, 9, 4])
    response = service.GetArtifactsByIDResponse(artifacts=artifacts(4, 3, 9, 7))
    put_in_order("GetArtifactsByID", request, response)
    assert ids_of(response) == [7, 3, 9, 4]


def test_one_that_is_not_there_leaves_the_others_in_their_order() -> None:
    request = service.GetArtifactsByIDRequest(artifact_ids=[7, 3, 9])
    response = service.GetArtifactsByIDResponse(artifacts=artifacts(9, 7))
    put_in_order("GetArtifactsByID", request, response)
    assert ids_of(response) == [7, 9]


def test_lists_are_sorted_by_id_unless_another_order_was_asked_for() -> None:
    response = service.GetArtifactsByContextResponse(artifacts=artifacts(4, 3, 9))
    put_in_order("GetArtifactsByContext", service.GetArtifactsByContextRequest(), response)
    assert ids_of(response) == [3, 4, 9]
    newest = pb.ListOperationOptions(max_result_size=3)
    newest.order_by_field.is_asc = False
    request = service.GetArtifactsByContextRequest(options=newest)
    response = service.GetArtifactsByContextResponse(artifacts=artifacts(9, 4, 3))
    put_in_order("GetArtifactsByContext", request, response)
    assert ids_of(response) == [9, 4, 3]


def test_events_are_as_they_were_made_with_the_key_first() -> None:
    response = service.GetEventsByExecutionIDsResponse(
        events=[event(3, 20, 1), event(2, 20, 0, key_last=True), event(1, 10, 1)]
    )
    put_in_order("GetEventsByExecutionIDs", service.GetEventsByExecutionIDsRequest(), response)
    assert [item.artifact_id for item in response.events] == [1, 2, 3]
    assert [item.path.steps[0].key for item in response.events] == ["out"] * 3
    assert [item.path.steps[1].index for item in response.events] == [1, 0, 1]
