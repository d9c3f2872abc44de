"""The metadata store's URL: ``sqlite:///path``, ``postgresql://...`` or ``mysql://...``."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306}
_ALIASES = {"postgres": "postgresql", "mysql+mysqldb": "mysql", "postgresql+psycopg2": "postgresql"}


@dataclass(frozen=True)
class MetadataUrl:
    """A parsed store URL. ``password`` never shows in a representation.

    Attributes:
        backend: ``sqlite``, ``postgresql`` or ``mysql``.
        path: the database file, for SQLite only.
        options: query parameters, such as ``sslmode``.
    """

    backend: str
    path: Path | None = None
    host: str = ""
    port: int = 0
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: dict[str, str] = field(default_factory=dict)

    def redacted(self) -> str:
        """The URL without its password, for people and logs."""
        if self.backend == "sqlite":
            return f"sqlite:///{self.path}"
        user = f"{self.user}@" if self.user else ""
        return f"{self.backend}://{user}{self.host}:{self.port}/{self.database}"


def parse_metadata_url(url: str, base: Path) -> MetadataUrl:
    """Parse ``url``; a relative SQLite path is taken from ``base``.

    Raises:
        ValueError: the URL is not one of the three kinds, or lacks a part. The message never holds
            the password.
    """
    scheme, separator, _ = url.partition("://")
    backend = _ALIASES.get(scheme, scheme)
    if not separator or backend not in ("sqlite", *DEFAULT_PORTS):
        raise ValueError(
            "a metadata store's URL starts with sqlite:///, postgresql:// or mysql://, "
            f"not {scheme if separator else 'a path'!r}"
        )
    if backend == "sqlite":
        return _sqlite(url, base)
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS[backend]
    except ValueError:
        raise ValueError(
            f"host and port of the {backend} URL cannot be read; a port is from 1 to 65535"
        ) from None
    database = unquote(parts.path.lstrip("/"))
    if not parts.hostname or not database:
        raise ValueError(f"expected {backend}://USER:PASSWORD@HOST:PORT/DATABASE")
    return MetadataUrl(
        backend=backend,
        host=parts.hostname,
        port=port,
        database=database,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        options={key: values[-1] for key, values in parse_qs(parts.query).items()},
    )


def _sqlite(url: str, base: Path) -> MetadataUrl:
    # As in SQLAlchemy: three slashes and a relative path, or four and an absolute one.
    path = url.partition("://")[2]
    name = unquote(path[1:])
    if not path.startswith("/") or not name or "\0" in name:
        raise ValueError("expected sqlite:///relative/path or sqlite:////absolute/path")
    return MetadataUrl("sqlite", path=Path(os.path.abspath(base / name)))
