"""Writes an output split's pieces to shards, aside; they get their names when all are there."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from .kinds import Kinds
from .output import Piece
from .tables import schema_of

TFRECORD_PREFIX = "data_tfrecord"
PARQUET_PREFIX = "data_parquet"


@dataclass(frozen=True)
class Shard:
    """A finished file that has no final name yet."""

    split: int
    path: str
    rows: int


class ShardFile(Protocol):
    """One file that is being written."""

    def write(self, content: Any) -> None:
        """Add a piece's content."""

    def close(self) -> None:
        """Finish the file."""


class RecordFile:
    """A TFRecord file; pieces are framed already, and compressed if they are to be."""

    def __init__(self, path: str, kinds: Kinds) -> None:
        del kinds
        self._file = created(path)

    def write(self, content: Any) -> None:
        """Add framed records."""
        self._file.write(memoryview(content))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class ParquetFile:
    """A Parquet file, one row group a piece."""

    def __init__(self, path: str, kinds: Kinds) -> None:
        self._file = created(path)
        self._writer = pq.ParquetWriter(self._file, schema_of(kinds), compression="snappy")

    def write(self, content: Any) -> None:
        """Add a table."""
        self._writer.write_table(content.cast(self._writer.schema))

    def close(self) -> None:
        """Write the footer and finish the file."""
        self._writer.close()
        self._file.close()


OpenShard = Callable[[str, Kinds], ShardFile]


class ShardWriter:
    """Writes one unit's pieces, a new file for each split and so many bytes."""

    def __init__(
        self, folder: str, prefix: str, open_shard: OpenShard, kinds: Kinds, shard_bytes: int
    ) -> None:
        self._folder = folder
        self._prefix = prefix
        self._open = open_shard
        self._kinds = kinds
        self._shard_bytes = shard_bytes
        self._files: dict[int, ShardFile] = {}
        self._sizes: dict[int, int] = {}
        self._rows: dict[int, int] = {}
        self._paths: dict[int, str] = {}
        self.finished: list[Shard] = []

    def write(self, piece: Piece) -> None:
        """Write a piece, and finish the file that it fills."""
        if not piece.rows:
            return
        split = piece.split
        if split not in self._files:
            name = f"{self._prefix}-{split}-{len(self.finished) + len(self._files):05d}"
            self._paths[split] = posixpath.join(self._folder, name)
            self._files[split] = self._open(self._paths[split], self._kinds)
            self._sizes[split] = self._rows[split] = 0
        self._files[split].write(piece.content)
        self._sizes[split] += piece.size
        self._rows[split] += piece.rows
        if self._sizes[split] >= self._shard_bytes:
            self._finish(split)

    def close(self) -> None:
        """Finish all files."""
        for split in sorted(self._files):
            self._finish(split)

    def _finish(self, split: int) -> None:
        self._files.pop(split).close()
        self.finished.append(Shard(split, self._paths[split], self._rows[split]))


def created(path: str) -> Any:
    """A new file of any of Beam's file systems. What is written is what it holds."""
    return FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED)


def empty_table(kinds: Kinds) -> pa.Table:
    """A table without rows."""
    return schema_of(kinds).empty_table()
