"""Against a socket that says what PostgreSQL says while it starts, which lasts too short a time.

A real server that is gone, and comes back, is in ``tests/integration/node/test_database_servers``.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ml_metadata.proto import metadata_store_pb2 as pb

from headrace.store.servers import DatabaseServer, server_of, why_no_connection


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[DatabaseServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        host, port = listener.getsockname()
        yield DatabaseServer("postgresql", host, port, "me", "mlmd")
        thread.join()


def error(code: str, message: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{code}\0M{message}\0\0".encode()
    return b"E" + struct.pack("!I", len(fields) + 4) + fields


def test_a_server_that_starts_says_so() -> None:
    heard = []

    def answer(connection: socket.socket) -> None:
        heard.append(connection.recv(1000))
        connection.sendall(error("57P03", "the database system is starting up"))

    with listening(answer) as server:
        why = why_no_connection(server)
    assert why == f"{server.address} says: the database system is starting up"
    assert heard[0][4:8] == struct.pack("!I", 196608)
    assert b"user\0me\0database\0mlmd\0\0" in heard[0]


def test_a_server_that_refuses_for_good_or_asks_for_a_password_takes_connections() -> None:
    for said in (error("28000", "no such role"), b"R" + struct.pack("!II", 8, 3)):

        def answer(connection: socket.socket, said: bytes = said) -> None:
            connection.recv(1000)
            connection.sendall(said)

        with listening(answer) as server:
            assert why_no_connection(server) == ""


def test_one_that_ends_the_connection_or_is_not_there_does_not_answer() -> None:
    with listening(lambda connection: None) as server:
        assert why_no_connection(server) == f"nothing answers at {server.address}"
    assert why_no_connection(server) == f"nothing answers at {server.address}"


def test_the_server_is_that_of_the_connection() -> None:
    config = pb.ConnectionConfig()
    config.postgresql.host, config.postgresql.dbname = "db.example", "mlmd"
    config.postgresql.user = "me"
    assert server_of(config) == DatabaseServer("postgresql", "db.example", 5432, "me", "mlmd")
    config.postgresql.port = "none"
    assert server_of(config) is None
    config.mysql.host, config.mysql.port, config.mysql.database = "my.example", 3307, "other"
    assert server_of(config) == DatabaseServer("mysql", "my.example", 3307, "", "other")
    config.sqlite.filename_uri = "/x"
    assert server_of(config) is None
    assert server_of(pb.MetadataStoreClientConfig(host="grpc", port=1)) is None
