"""Lands a closed window as a span: written aside, renamed, and announced once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from .files import as_json, create_file
from .journal import StreamError
from .source import NAMESPACE
from .staging import Block, block_path
from .windows import Windows

SHARD = "data-00000-of-00001.gz"
MANIFEST = "manifest.json"


class Land(beam.DoFn):  # type: ignore[misc]
    """Makes a span of a window's blocks; a window that comes again finds its span there."""

    def __init__(self, target: str, windows: Windows) -> None:
        self._target, self._windows = Path(target), windows
        self._spans = Metrics.counter(NAMESPACE, "spans")

    def process(self, window: tuple[int, Iterable[Any]]) -> Iterator[str]:
        """Land it, and give its directory."""
        number, found = window
        blocks = sorted((Block(*block) for block in found), key=lambda block: block.name)
        yield str(land(self._target, number, blocks, self._windows))
        self._spans.inc()


def land(target: Path, number: int, blocks: list[Block], windows: Windows) -> Path:
    """Land one window; the same again does nothing.

    Raises:
        StreamError: its span is there with other rows.
    """
    span = target / "spans" / f"span-{number}"
    manifest = {
        "span": number,
        "uri": str(span),
        "start": windows.start(number),
        "end": windows.start(number + 1),
        "rows": sum(block.rows for block in blocks),
        "blocks": [block.name for block in blocks],
    }
    if not span.exists():
        _write(span, manifest, [block_path(target, block.name) for block in blocks])
    _check(span, manifest)
    announced = {key: value for key, value in manifest.items() if key != "blocks"}
    create_file(target / "outbox" / f"span-{number}.json", as_json(announced))
    for block in blocks:
        block_path(target, block.name).unlink(missing_ok=True)
    return span


def _write(span: Path, manifest: dict[str, Any], blocks: list[Path]) -> None:
    aside = span.with_name(f".{span.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        with (aside / SHARD).open("wb") as shard:
            for block in blocks:  # gzip files one behind the other are one gzip file
                with block.open("rb") as rows:
                    shutil.copyfileobj(rows, shard)
            shard.flush()
            os.fsync(shard.fileno())
        (aside / MANIFEST).write_bytes(as_json(manifest))
        aside.rename(span)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        if not (span / MANIFEST).exists():  # otherwise another process was first
            raise


def _check(span: Path, manifest: dict[str, Any]) -> None:
    try:
        there = json.loads((span / MANIFEST).read_text())
    except (OSError, ValueError):
        there = {}
    if there.get("blocks") != manifest["blocks"] or there.get("rows") != manifest["rows"]:
        raise StreamError(
            f"{span} is there already, with other rows ({there.get('rows', 'no manifest')}, not "
            f"{manifest['rows']}): a span never changes. Has the stream's journal been removed, or "
            "does another stream write there? Give the stream a directory of its own"
        )
