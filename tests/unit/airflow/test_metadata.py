from dataclasses import replace
from pathlib import Path

import pytest
from airflow.sdk import Connection

from headrace.airflow.metadata import connection_url, metadata_url
from headrace.errors import UsageError
from headrace.settings import load_settings, parse_metadata_url


@pytest.fixture
def settings(tmp_path: Path):
    return load_settings(tmp_path, environ={})


def test_the_settings_url_wins(settings) -> None:
    given = replace(settings, metadata_url="sqlite:////m", metadata_conn_id="store")
    assert metadata_url(given, has_own=True) == "sqlite:////m"


def test_a_pipelines_own_store_is_used_where_the_settings_give_none(settings) -> None:
    assert metadata_url(settings, has_own=True) == ""


def test_sqlite_in_the_state_directory_is_the_default(settings) -> None:
    assert metadata_url(settings, has_own=False) == f"sqlite:///{settings.home}/metadata.sqlite"


@pytest.mark.parametrize(("kind", "port"), [("postgres", 5432), ("mysql", 3306)])
def test_a_connection_becomes_a_url_whatever_its_password_holds(kind: str, port: int) -> None:
    connection = Connection(
        conn_id="store", conn_type=kind, host="db", login="me", password="p@ss:/w#d", schema="mlmd"
    )
    url = parse_metadata_url(connection_url(connection), Path("/"))
    assert (url.host, url.port, url.database) == ("db", port, "mlmd")
    assert (url.user, url.password) == ("me", "p@ss:/w#d")


def test_an_address_of_ipv6_needs_no_brackets() -> None:
    connection = Connection(conn_id="store", conn_type="postgres", host="::1", schema="mlmd")
    assert parse_metadata_url(connection_url(connection), Path("/")).host == "::1"


def test_a_password_that_is_no_text_is_refused_by_the_connections_id() -> None:
    parts = {"host": "db", "schema": "mlmd", "password": "secret\udcff"}
    with pytest.raises(UsageError, match="'store' is no metadata store") as failure:
        connection_url(Connection(conn_id="store", conn_type="mysql", **parts))
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize("path", ["/a\0b", "/a\udcff", "a.sqlite"])
def test_a_file_that_there_cannot_be_is_refused_by_the_connections_id(path: str) -> None:
    with pytest.raises(UsageError, match="'store' is no metadata store"):
        connection_url(Connection(conn_id="store", conn_type="sqlite", host=path))


@pytest.mark.parametrize(
    ("host", "port"), [("?", None), ("a[", None), ("@db", None), ("db", 70_000)]
)
def test_a_connection_that_makes_no_url_is_refused_by_its_id(host: str, port: int | None) -> None:
    connection = Connection(conn_id="store", conn_type="mysql", host=host, schema="mlmd", port=port)
    with pytest.raises(UsageError, match="'store' is no metadata store"):
        connection_url(connection)


def test_a_connection_of_another_kind_is_refused_without_its_password() -> None:
    connection = Connection(conn_id="store", conn_type="http", host="h", password="hunter2")
    with pytest.raises(UsageError, match="'store' is no metadata store") as caught:
        connection_url(connection)
    assert "hunter2" not in str(caught.value)


def test_the_tls_options_of_a_connection_are_kept() -> None:
    extra = '{"sslmode": "verify-full", "sslrootcert": "/etc/a b.pem", "keepalives": 1}'
    connection = Connection(
        conn_id="store", conn_type="postgres", host="db", schema="mlmd", extra=extra
    )
    options = parse_metadata_url(connection_url(connection), Path("/")).options
    assert options == {"sslmode": "verify-full", "sslrootcert": "/etc/a b.pem"}


def test_a_connection_of_type_sqlite_names_a_file_by_its_absolute_path() -> None:
    connection = Connection(conn_id="store", conn_type="sqlite", host="/data/my store%20.sqlite")
    url = parse_metadata_url(connection_url(connection), Path("/"))
    assert url.path == Path("/data/my store%20.sqlite")


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"conn_type": "sqlite", "host": "store.sqlite"}, "absolute path"),
        ({"conn_type": "postgres", "host": "db"}, "the name of the database"),
        ({"conn_type": "mysql", "schema": "mlmd"}, "it needs a host"),
    ],
)
def test_a_connection_that_lacks_a_part_says_which(fields: dict, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        connection_url(Connection(conn_id="store", password="hunter2", **fields))


def test_a_password_in_the_url_is_masked_in_logs(settings) -> None:
    from airflow.sdk._shared.secrets_masker import redact

    given = replace(settings, metadata_url="postgresql://me:hunter%2F22@db/mlmd")
    assert metadata_url(given, has_own=False) == given.metadata_url
    assert redact("it was hunter/22") == "it was ***"
