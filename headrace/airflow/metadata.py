"""Which metadata store a task uses: settings, an Airflow Connection, the pipeline's own, SQLite."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from headrace.errors import UsageError
from headrace.settings import Settings

_SCHEMES = {"postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql"}
_PORTS = {"postgresql": 5432, "mysql": 3306}


def metadata_url(settings: Settings, has_own: bool) -> str:
    """Return the store's URL; empty where the pipeline's own connection is to be used.

    Raises:
        UsageError: the Airflow Connection does not exist or does not describe a store.
    """
    if settings.metadata_url is not None:
        return settings.metadata_url
    if settings.metadata_conn_id is not None:
        return _from_connection(settings.metadata_conn_id)
    if has_own:
        return ""
    return f"sqlite:///{settings.layout.metadata_database}"


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
    if connection.conn_type == "sqlite":
        return f"sqlite:///{connection.host or connection.schema}"
    backend = _SCHEMES.get(connection.conn_type)
    if backend is None or not connection.host or not connection.schema:
        raise UsageError(
            f"the Airflow Connection {connection.conn_id!r} is no metadata store",
            "it must be of type postgres, mysql or sqlite, with host and schema (the database)",
        )
    user = quote(connection.login or "", safe="")
    password = quote(connection.password or "", safe="")
    port = connection.port or _PORTS[backend]
    database = quote(connection.schema, safe="")
    return f"{backend}://{user}:{password}@{connection.host}:{port}/{database}"
