"""The files of an input split: which they are, what they hold, and how they are opened.

Everything goes through Beam's file systems, so that a path of any scheme that Beam knows will do.
"""

from __future__ import annotations

import bz2
import contextlib
import enum
import gzip
import lzma
import posixpath
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import zstandard
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from headrace.access import CLOSED_HINT, closed_directory
from headrace.errors import HeadraceError

from .members import members


class Format(enum.Enum):
    """What a file holds."""

    CSV = "csv"
    TSV = "tsv"
    JSON_LINES = "jsonl"
    TEXT = "text"
    PARQUET = "parquet"
    ARROW = "arrow"
    TFRECORD = "tfrecord"


AUTO = "auto"
FORMAT_NAMES = (AUTO, *(one.value for one in Format))

# Beam's own readers of these take a file that ends too early for a whole one.
_READERS: dict[str, Callable[[BinaryIO], Any]] = {
    CompressionTypes.GZIP: gzip.open,
    CompressionTypes.BZIP2: bz2.open,
    CompressionTypes.LZMA: lzma.open,
    CompressionTypes.DEFLATE: lambda stored: members(stored, zlib.decompressobj),
    CompressionTypes.ZSTD: lambda stored: members(
        stored, zstandard.ZstdDecompressor().decompressobj
    ),
}
_INVALID = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstandard.ZstdError)
_SUFFIXES = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".json": Format.JSON_LINES,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".arrow": Format.ARROW,
    ".feather": Format.ARROW,
    ".ipc": Format.ARROW,
}
# What engines leave beside the data that they write: files, and directories of what is unfinished.
_MARKERS = (
    "_SUCCESS",
    "_committed_",
    "_started_",
    "_metadata",
    "_common_metadata",
    "_temporary",
    "_delta_log",
    ".",
)
_FIXED = re.compile(r"[^*?\[]*")


@dataclass(frozen=True)
class InputFile:
    """One file.

    Attributes:
        size: in bytes, as it is stored.
        compression: Beam's name for how it is compressed.
        updated: when it was written, in seconds; 0 where that is not known.
    """

    path: str
    size: int
    compression: str
    updated: float = 0

    @property
    def is_compressed(self) -> bool:
        """Whether it can only be read from its beginning."""
        return bool(self.compression != CompressionTypes.UNCOMPRESSED)


def match_files(pattern: str) -> list[InputFile]:
    """The files that a pattern matches, by name; of a directory, all below it.

    Raises:
        HeadraceError: there are none.
    """
    found = _match(pattern)
    # Some of Beam's file systems find a directory of exactly this name, too.
    if not found or [file.path.rstrip("/") for file in found] == [pattern.rstrip("/")]:
        found = _match(posixpath.join(pattern.rstrip("/"), "**")) or found
    if not found:
        closed = closed_directory(pattern)
        if closed is not None:
            raise HeadraceError(f"the directory {closed} may not be read", CLOSED_HINT)
        raise HeadraceError(
            f"{pattern} matches no file", "look at input_base and the patterns of input_config"
        )
    return sorted(found, key=lambda file: file.path)


def refuse_changed(pattern: str, planned: list[InputFile]) -> None:
    """Refuse files that were written anew since they were matched.

    Raises:
        HeadraceError: one was: what was read of it may be of both.
    """
    found = {file.path: file for file in match_files(pattern)}
    for file in planned:
        if found.get(file.path) != file:
            raise HeadraceError(
                f"{file.path} changed while it was read",
                "run the node again when nothing writes to the files any more",
            )


def _match(pattern: str) -> list[InputFile]:
    try:
        [result] = FileSystems.match([pattern])
    except ValueError as error:
        raise HeadraceError(
            f"{pattern} is on no file system that Beam knows here",
            "install what Beam needs for it, such as apache-beam[gcp] or [aws], or mend the scheme",
        ) from error
    # What the pattern itself names is meant, also if engines would hide it.
    named = len(_FIXED.match(pattern)[0].rpartition("/")[0])  # type: ignore[index]
    return [
        InputFile(
            item.path,
            item.size_in_bytes,
            _compression(item.path),
            item.last_updated_in_seconds,
        )
        for item in result.metadata_list
        if not item.path.endswith("/")  # a mark for a directory, where a store has none
        and not any(part.startswith(_MARKERS) for part in item.path[named:].split("/"))
    ]


def _compression(path: str) -> str:
    return str(CompressionTypes.detect_compression_type(path))


def format_of(files: list[InputFile], name: str) -> Format:
    """The format of a split's files: by its name, or with ``auto`` by theirs.

    A name that says nothing is taken for CSV, as CsvExampleGen takes every file.

    Raises:
        HeadraceError: they differ.
    """
    if name != AUTO:
        return Format(name)
    formats: dict[Format, str] = {}
    for file in files:
        formats.setdefault(_by_suffix(file), file.path)
    if len(formats) > 1:
        listed = ", ".join(f"{one.value} ({path})" for one, path in formats.items())
        raise HeadraceError(
            f"files of one split have different formats: {listed}",
            "name one kind of file with the split's pattern, or give input_format",
        )
    return next(iter(formats))


def _by_suffix(file: InputFile) -> Format:
    path = file.path.lower()
    if file.is_compressed:
        path = path.rpartition(".")[0]
    known = _SUFFIXES.get(posixpath.splitext(path)[1])
    if known is None and "tfrecord" in posixpath.basename(path):
        return Format.TFRECORD  # as in data_tfrecord-00000-of-00001
    return known or Format.CSV


@contextlib.contextmanager
def opened(file: InputFile) -> Iterator[BinaryIO]:
    """The file's content, decompressed.

    Raises:
        HeadraceError: on reading, that its compressed data are broken or end too early.
    """
    reader = _READERS.get(file.compression)
    how = file.compression if reader is None else CompressionTypes.UNCOMPRESSED
    with FileSystems.open(file.path, compression_type=how) as stored:
        try:
            yield cast(BinaryIO, stored if reader is None else reader(stored))
        except (OSError, *_INVALID) as error:
            # To broken bzip2 Python says OSError, without the number that the system's have.
            is_systems = isinstance(error, OSError) and bool(
                error.errno or type(error) is not OSError
            )
            if is_systems and not isinstance(error, _INVALID):
                raise
            raise HeadraceError(
                f"{file.path} is not valid {file.compression}: {error}", "copy the file again"
            ) from error
