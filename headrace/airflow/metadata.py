"""Which metadata store a task uses: settings, an Airflow Connection, the pipeline's own, SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from airflow.sdk.log import mask_secret

from headrace.errors import UsageError
from headrace.settings import Settings, parse_metadata_url

_SCHEMES = {"postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql"}
_PORTS = {"postgresql": 5432, "mysql": 3306}
_OPTIONS = ("sslmode", "sslcert", "sslkey", "sslrootcert")


def metadata_url(settings: Settings, has_own: bool) -> str:
    """Return the store's URL; empty where the pipeline's own connection is to be used.

    A password in it is masked in the task's log from here on.

    Raises:
        UsageError: the Airflow Connection does not exist or does not describe a store.
    """
    if settings.metadata_url is not None:
        return _masked(settings.metadata_url, settings)
    if settings.metadata_conn_id is not None:
        return _masked(_from_connection(settings.metadata_conn_id), settings)
    if has_own:
        return ""
    return f"sqlite:///{quote(str(settings.layout.metadata_database))}"


def _masked(url: str, settings: Settings) -> str:
    password = parse_metadata_url(url, settings.project).password
    if password:
        mask_secret(password)
    return url


def _from_connection(conn_id: str) -> str:
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = Connection.get(conn_id)
    except AirflowNotFoundException:
        raise UsageError(
            f"the Airflow Connection {conn_id!r}, named by metadata_conn_id, does not exist",
            f"make it: airflow connections add {conn_id} --conn-uri postgresql://...",
        ) from None
    return connection_url(connection)


def connection_url(connection: Any) -> str:
    """An Airflow Connection of type postgres, mysql or sqlite as the URL of a metadata store.

    Raises:
        UsageError: it is of another type, or lacks a part.
    """
    try:
        url = _url(connection)
        parse_metadata_url(url, Path("/"))
    except UnicodeEncodeError:
        raise _unusable(connection, "its host, schema, login and password must be text") from None
    except ValueError as error:
        raise _unusable(connection, str(error)) from None
    return url


def _url(connection: Any) -> str:
    """The URL, if its parts make one; ``ValueError`` if one is lacking or of no use."""
    if connection.conn_type == "sqlite":
        path = connection.host or connection.schema or ""
        if not path.startswith("/"):
            raise ValueError("its host must be the absolute path of the database file")
        return f"sqlite:///{quote(path)}"
    backend = _SCHEMES.get(connection.conn_type)
    if backend is None:
        raise ValueError("it must be of type postgres, mysql or sqlite")
    if not connection.host or not connection.schema:
        raise ValueError("it needs a host and a schema (the name of the database)")
    if "@" in connection.host:
        raise ValueError("its host has an @: login and password have fields of their own")
    user = quote(connection.login or "", safe="")
    password = quote(connection.password or "", safe="")
    port = connection.port or _PORTS[backend]
    database = quote(connection.schema, safe="")
    bare_ipv6 = ":" in connection.host and not connection.host.startswith("[")
    host = f"[{connection.host}]" if bare_ipv6 else connection.host
    extra = connection.extra_dejson
    options = urlencode({name: extra[name] for name in _OPTIONS if name in extra})
    url = f"{backend}://{user}:{password}@{host}:{port}/{database}"
    return f"{url}?{options}" if options else url


def _unusable(connection: Any, hint: str) -> UsageError:
    return UsageError(f"the Airflow Connection {connection.conn_id!r} is no metadata store", hint)
