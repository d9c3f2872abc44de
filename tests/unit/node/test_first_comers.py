"""What is tried again; tests/integration/node/test_database_servers.py has real servers."""

import ml_metadata as mlmd
import pytest
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as service

from headrace.node import first_comers


class Server:
    """Fails so many times with this error, then answers."""

    def __init__(self, error: Exception, times: int = 1) -> None:
        self.left, self.error = times, error

    def __call__(self) -> str:
        self.left -= 1
        if self.left >= 0:
            raise self.error
        return "answer"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_comers, "_PAUSE_SECONDS", 0.0)


def test_tables_that_another_client_is_making_are_waited_for() -> None:
    busy = RuntimeError("This may be due to concurrent connection to the empty database.")
    assert first_comers.opened(Server(busy, 3)) == "answer"


def test_a_server_that_refuses_is_asked_once() -> None:
    refuses = Server(RuntimeError("password authentication failed"))
    with pytest.raises(RuntimeError, match="password"):
        first_comers.opened(refuses)
    assert refuses.left == 0


def test_a_server_that_stays_busy_is_given_up() -> None:
    with pytest.raises(RuntimeError, match="deadlock"):
        first_comers.opened(Server(RuntimeError("deadlock detected"), 1000))


def test_a_type_that_another_client_has_registered_meanwhile_is_looked_up() -> None:
    taken = mlmd.errors.InternalError("violates unique constraint type_external_id_key")
    assert first_comers.registered(Server(taken)) == "answer"


def test_a_type_with_other_properties_is_refused_at_once() -> None:
    other = Server(mlmd.errors.AlreadyExistsError("Type already exists with different properties"))
    with pytest.raises(mlmd.errors.AlreadyExistsError):
        first_comers.registered(other)
    assert other.left == 0


def test_types_have_ids_by_kind_name_and_version() -> None:
    request = service.PutTypesRequest(
        artifact_types=[pb.ArtifactType(name="Model"), pb.ArtifactType(name="Model", version="2")],
        context_types=[pb.ContextType(name="Model", external_id="mine")],
    )
    first_comers.claim_types(request)
    ids = [item.external_id for item in (*request.artifact_types, *request.context_types)]
    assert ids == ["headrace:artifact_type:Model:", "headrace:artifact_type:Model:2", "mine"]
    single = service.PutExecutionTypeRequest(execution_type=pb.ExecutionType(name="Model"))
    first_comers.claim_types(single)
    assert single.execution_type.external_id == "headrace:execution_type:Model:"


def test_only_calls_that_register_types_are_told_apart() -> None:
    names = ("PutTypes", "PutContextType", "PutContexts", "GetContextType", "PutExecution")
    assert [first_comers.puts_types(name) for name in names] == [True, True, False, False, False]


def test_an_answer_does_not_show_the_ids_that_types_have_of_headrace() -> None:
    response = service.GetExecutionTypesResponse(
        execution_types=[
            pb.ExecutionType(name="Model", external_id="headrace:execution_type:Model:"),
            pb.ExecutionType(name="Other", external_id="mine"),
        ]
    )
    first_comers.hide_claims(response)
    assert [item.external_id for item in response.execution_types] == ["", "mine"]
