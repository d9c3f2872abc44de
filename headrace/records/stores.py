"""Which metadata stores a project has: the settings' one, or the default and the pipelines' own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from headrace.errors import UsageError
from headrace.ir.layout import METADATA_CONNECTION_FILE, IrLayout
from headrace.settings import Settings

_DATABASES = {"postgresql": ("dbname", 5432), "mysql": ("database", 3306)}
"""The key of the database's name in ML Metadata's configuration, and the usual port."""


def store_urls(settings: Settings) -> list[str]:
    """URLs of the stores that hold what the project's pipelines have done.

    The one that the settings name is used by all pipelines. Without one it is the SQLite file in
    the state directory, and the store that a pipeline names itself for that pipeline.

    Raises:
        UsageError: it is in an Airflow Connection.
    """
    if settings.metadata_url:
        return [settings.metadata_url]
    if settings.metadata_conn_id:
        raise UsageError(
            f"the metadata store is in Airflow's Connection {settings.metadata_conn_id!r}, "
            "which only Airflow can read",
            "set HEADRACE_METADATA_URL to its URL for this command",
        )
    return list(dict.fromkeys([_sqlite(settings.layout.metadata_database), *_own(settings)]))


def _own(settings: Settings) -> Iterator[str]:
    """Stores that compiled pipelines name; an SQLite file that nothing has been put in is none."""
    pipelines = IrLayout(settings.layout.ir).pipelines
    for file in sorted(pipelines.glob(f"*/*/{METADATA_CONNECTION_FILE}")):
        url = own_store_url(file)
        if url:
            yield url


def own_store_url(file: Path) -> str:
    """The URL of the store that a compiled pipeline names; empty for what has none."""
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        return url_of(config.get("databaseConnectionConfig", {}))
    except (OSError, ValueError, RecursionError, AttributeError, TypeError):
        return ""  # removed just now, with the compilation that it belongs to, or damaged


def url_of(config: dict[str, Any]) -> str:
    """The URL of a connection as ML Metadata keeps it, in JSON; empty for what has none."""
    if "sqlite" in config:
        path = str(config["sqlite"].get("filenameUri", "")).removeprefix("file:")
        return _sqlite(Path(path)) if path and Path(path).exists() else ""
    for backend, (database, port) in _DATABASES.items():
        server = config.get(backend, {})
        if server.get("host") and server.get(database):
            user, password = (quote(server.get(key, ""), safe="") for key in ("user", "password"))
            account = f"{user}:{password}@" if user else ""
            place = f"{server['host']}:{server.get('port', port)}/{quote(server[database])}"
            options = server.get("ssloption", {})
            return f"{backend}://{account}{place}" + (f"?{urlencode(options)}" if options else "")
    return ""


def _sqlite(path: Path) -> str:
    return f"sqlite:///{quote(str(path))}"
