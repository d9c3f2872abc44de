"""Upgrades a store's schema to the one of the ML Metadata that is installed."""

from __future__ import annotations

from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2

from headrace.settings import MetadataUrl
from headrace.store.config import connection_config
from headrace.store.servers import server_of
from headrace.store.unavailable import explain

_RETRIES = 3


def upgrade(url: MetadataUrl) -> None:
    """Upgrade it; nothing is done where it is current. The caller has made a backup.

    Raises:
        StoreUnavailable: it is newer than the library, or cannot be opened or changed.
    """
    config: Any = connection_config(url, _RETRIES)
    if url.path is not None:
        config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE
    try:
        mlmd.MetadataStore(config, enable_upgrade_migration=True)
    except (mlmd.errors.StatusError, RuntimeError, OSError) as error:
        raise explain(error, url.redacted(), server_of(config)) from None
