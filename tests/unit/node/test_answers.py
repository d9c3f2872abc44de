from ml_metadata.proto import metadata_store_service_pb2 as service

from headrace.node.answers import Answers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def context_named(name: str) -> tuple[object, object]:
    request = service.GetContextByTypeAndNameRequest(type_name="node", context_name=name)
    response = service.GetContextByTypeAndNameResponse()
    response.context.id, response.context.name = 7, name
    return request, response


def executions_of(context: int) -> tuple[object, object]:
    request = service.GetExecutionsByContextRequest(context_id=context)
    response = service.GetExecutionsByContextResponse()
    response.executions.add(id=context + 1)
    return request, response


def test_a_context_is_asked_for_once() -> None:
    answers, (request, response) = Answers(), context_named("p.n")
    again = service.GetContextByTypeAndNameResponse()
    assert not answers.recall("GetContextByTypeAndName", request, again)
    answers.keep("GetContextByTypeAndName", request, response)
    answers.forget("PutExecution")
    assert answers.recall("GetContextByTypeAndName", request, again)
    assert again == response
    assert not answers.recall("GetContextByTypeAndName", context_named("p.other")[0], again)


def test_what_was_not_there_is_asked_for_again() -> None:
    answers, (request, _) = Answers(), context_named("p.n")
    nothing = service.GetContextByTypeAndNameResponse()
    answers.keep("GetContextByTypeAndName", request, nothing)
    assert not answers.recall("GetContextByTypeAndName", request, nothing)


def test_executions_are_remembered_for_a_moment_and_until_the_next_write() -> None:
    clock = Clock()
    answers, (request, response) = Answers(clock), executions_of(3)
    again = service.GetExecutionsByContextResponse()
    answers.keep("GetExecutionsByContext", request, response)
    assert answers.recall("GetExecutionsByContext", request, again)
    assert again == response
    clock.now = 60.0
    assert not answers.recall("GetExecutionsByContext", request, again)
    answers.keep("GetExecutionsByContext", request, response)
    answers.forget("GetEventsByExecutionIDs")
    assert answers.recall("GetExecutionsByContext", request, again)
    answers.forget("PutExecution")
    assert not answers.recall("GetExecutionsByContext", request, again)


def test_types_are_asked_for_again_once_one_was_written() -> None:
    answers = Answers()
    request = service.GetArtifactTypeRequest(type_name="Model")
    response = service.GetArtifactTypeResponse()
    response.artifact_type.id = 3
    answers.keep("GetArtifactType", request, response)
    assert answers.recall("GetArtifactType", request, response)
    answers.forget("PutArtifactType")
    assert not answers.recall("GetArtifactType", request, response)


def test_other_answers_are_never_remembered() -> None:
    answers = Answers()
    request = service.GetArtifactsByIDRequest(artifact_ids=[1])
    response = service.GetArtifactsByIDResponse()
    response.artifacts.add(id=1)
    answers.keep("GetArtifactsByID", request, response)
    assert not answers.recall("GetArtifactsByID", request, response)


def test_an_execution_is_for_a_moment_as_it_was_written() -> None:
    clock = Clock()
    answers = Answers(clock)
    written = service.PutExecutionRequest()
    written.execution.name = "x"
    answers.keep("PutExecution", written, service.PutExecutionResponse(execution_id=5))
    asked = service.GetExecutionsByIDRequest(execution_ids=[5])
    read = service.GetExecutionsByIDResponse()
    assert answers.recall("GetExecutionsByID", asked, read)
    assert [(item.id, item.name) for item in read.executions] == [(5, "x")]
    clock.now = 60.0
    assert not answers.recall("GetExecutionsByID", asked, read)
