"""A metadata URL as ML Metadata's own connection configuration."""

from __future__ import annotations

from typing import Any

from ml_metadata.proto import metadata_store_pb2

from headrace.settings import MetadataUrl


def connection_config(url: MetadataUrl, retries: int) -> Any:
    """The URL as MLMD's configuration, without a mode for SQLite; nothing is made.

    Args:
        retries: how often MLMD tries a call again that the database aborted.
    """
    config = metadata_store_pb2.ConnectionConfig()
    config.retry_options.max_num_retries = retries
    if url.backend == "sqlite":
        config.sqlite.filename_uri = str(url.path)
    elif url.backend == "postgresql":
        server = config.postgresql
        server.host, server.port, server.dbname = url.host, str(url.port), url.database
        server.user, server.password = url.user, url.password
        for option in ("sslmode", "sslcert", "sslkey", "sslrootcert"):
            if option in url.options:
                setattr(server.ssloption, option, url.options[option])
    else:
        mysql = config.mysql
        mysql.host, mysql.port, mysql.database = url.host, url.port, url.database
        mysql.user, mysql.password = url.user, url.password
    return config
