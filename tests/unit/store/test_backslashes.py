from ml_metadata.proto import metadata_store_service_pb2 as service

from headrace.store import backslashes


def test_texts_at_any_depth_lose_their_backslashes_and_get_them_back() -> None:
    request = service.PutExecutionRequest()
    request.execution.name = "\\"
    request.execution.custom_properties["text"].string_value = '{"a": "b\\nc"}'
    request.execution.custom_properties["na\\me"].int_value = 1
    pair = request.artifact_event_pairs.add()
    pair.artifact.uri = "C:\\models"
    pair.event.path.steps.add().key = "k\\"
    before = service.PutExecutionRequest()
    before.CopyFrom(request)
    backslashes.hide(request)
    assert b"\\" not in request.SerializeToString()
    assert pair.artifact.uri == "C:\u29f5models"
    backslashes.show(request)
    assert request == before
