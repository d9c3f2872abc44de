"""Gives finished shards their final names, and says what was ingested."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apache_beam.io.filesystems import FileSystems

from .shards import Shard, created
from .unit import Result

QUARANTINE = "quarantine"
REPORT = "ingestion.json"


@dataclass(frozen=True)
class Layout:
    """Where an artifact's files go.

    Attributes:
        folders: of the output splits, by the index of the input split and of its output split.
    """

    uri: str
    folders: Mapping[tuple[int, int], str]
    prefix: str
    suffix: str

    def name(self, folder: str, index: int, count: int) -> str:
        """A shard's final path."""
        return posixpath.join(folder, f"{self.prefix}-{index:05d}-of-{count:05d}{self.suffix}")


def name_shards(results: Sequence[Result], layout: Layout) -> dict[str, int]:
    """Move every shard to its place, in the order of the input; return the rows of each folder."""
    shards: dict[str, list[Shard]] = {folder: [] for folder in layout.folders.values()}
    for result in results:
        for shard in result.shards:
            shards[layout.folders[result.split, shard.split]].append(shard)
    moves = [
        (shard.path, layout.name(folder, index, len(several)))
        for folder, several in shards.items()
        for index, shard in enumerate(several)
    ]
    move(moves)
    return {folder: sum(shard.rows for shard in several) for folder, several in shards.items()}


def move(moves: Sequence[tuple[str, str]]) -> None:
    """Rename files; the folders that they go to are made."""
    for folder in {posixpath.dirname(target) for _, target in moves}:
        if not FileSystems.exists(folder):
            FileSystems.mkdirs(folder)
    if moves:
        FileSystems.rename([source for source, _ in moves], [target for _, target in moves])


def write_report(uri: str, report: Mapping[str, Any]) -> None:
    """Say beside the splits what was ingested."""
    file = created(posixpath.join(uri, REPORT))
    file.write((json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode())
    file.close()


def keep_quarantine(results: Sequence[Result], uri: str) -> str:
    """Move the files of bad rows beside the splits; return their folder, empty for none."""
    folder = posixpath.join(uri, QUARANTINE)
    written = [result.quarantine for result in results if result.quarantine]
    move(
        [
            (path, posixpath.join(folder, f"rows-{index:05d}-of-{len(written):05d}.jsonl"))
            for index, path in enumerate(written)
        ]
    )
    return folder if written else ""
