import socket

import pytest

from headrace.store import unavailable
from headrace.store.servers import DatabaseServer
from headrace.store.unavailable import explain

SILENT = RuntimeError("PostgreSQL metadata source error: connection pointer is NULL")
BROKEN = RuntimeError("PostgreSQL metadata source error: server closed the connection unexpectedly")
WHERE = "postgresql://me@db/mlmd"


def test_a_server_that_is_not_there_is_told_in_place_of_mlmds_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = DatabaseServer("postgresql", "127.0.0.1", free.getsockname()[1])
        found = explain(SILENT, WHERE, server)
    assert found.message == f"metadata store {WHERE}: nothing answers at {server.address}"
    assert found.transient


@pytest.mark.parametrize(
    ("error", "message", "hint", "transient"),
    [
        (SILENT, "the server refuses the connection", "check user, password", False),
        (BROKEN, "server closed the connection", "the connection broke", True),
    ],
)
def test_one_that_answers_has_refused_or_broken_the_connection(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str, hint: str, transient: bool
) -> None:
    monkeypatch.setattr(unavailable, "why_no_connection", lambda server: "")
    found = explain(error, WHERE, DatabaseServer("postgresql", "db", 5432))
    assert message in found.message
    assert hint in found.hint
    assert found.transient is transient
