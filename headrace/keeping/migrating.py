"""Upgrades the schema of the project's metadata store, after a backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headrace.errors import HeadraceError, UsageError
from headrace.keeping.backups import back_up, default_file, schema_of
from headrace.keeping.idle import require_idle
from headrace.records.client import answers
from headrace.records.stores import store_urls
from headrace.settings import Settings, parse_metadata_url


@dataclass(frozen=True)
class Migrated:
    """A store whose schema is current.

    Attributes:
        before, after: versions of the schema; 0 where that is not known, of a server's.
        backup: the copy that was made; empty where there was nothing to upgrade.
    """

    store: str
    before: int = 0
    after: int = 0
    backup: str = ""


def migrate(settings: Settings, *, backed_up: bool = False) -> Migrated:
    """Upgrade it if it is older than the installed ML Metadata.

    Args:
        backed_up: there is a backup of a database server, which is not made here.

    Raises:
        UsageError: something of headrace runs, there is no store, or no backup of a server's.
        HeadraceError: it cannot be upgraded.
    """
    text = store_urls(settings)[0]
    url = parse_metadata_url(text, settings.project)
    if url.path is None:
        if not backed_up:
            raise UsageError(
                f"{url.redacted()} is a database server, which headrace does not copy",
                "make a backup with the server's own tools, then give --backed-up",
            )
        _upgrade(settings, text, "")
        return Migrated(url.redacted())
    if not url.path.is_file():
        raise UsageError(f"there is no metadata store at {url.path}", "nothing has run yet")
    require_idle(settings, url.path)
    copy = back_up(url.path, default_file(settings))
    _upgrade(settings, text, copy.file)
    after = schema_of(url.path)
    if after == copy.schema:
        Path(copy.file).unlink()  # nothing was changed
        return Migrated(str(url.path), after, after)
    return Migrated(str(url.path), copy.schema, after, copy.file)


def _upgrade(settings: Settings, url: str, backup: str) -> None:
    [answer] = answers(settings, {"urls": [url], "migrate": True})
    if error := answer.get("error"):
        kept = f"as it was before: {backup}" if backup else ""
        raise HeadraceError(error["message"], "\n".join(filter(None, [error["hint"], kept])))
