"""An object store in memory, as ``gs://`` is one: names without directories, written whole.

Beam and TFX each get a file system of it, under ``objects://``, the way that their packages for
cloud stores give them theirs. It stands in for these, which need a network.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from apache_beam.io.filesystem import (
    CompressedFile,
    CompressionTypes,
    FileMetadata,
    FileSystem,
)
from tfx.dsl.io import filesystem, filesystem_registry

SCHEME = "objects"
OBJECTS: dict[str, bytes] = {}
"""The content of each object, by its whole name."""
_WRITTEN: dict[str, float] = {}


def put(path: str, data: bytes) -> None:
    """Write an object."""
    OBJECTS[path] = data
    _WRITTEN[path] = time.time()


def below(path: str) -> list[str]:
    """The objects whose names go on after a slash."""
    return sorted(name for name in OBJECTS if name.startswith(path.rstrip("/") + "/"))


class _Reader(io.BytesIO):
    mode = "rb"


class _Writer(io.BytesIO):
    mode = "wb"

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def close(self) -> None:
        if not self.closed:
            put(self._path, self.getvalue())
        super().close()


class _TextWriter(io.StringIO):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def close(self) -> None:
        if not self.closed:
            put(self._path, self.getvalue().encode())
        super().close()


def _packed(file: io.BytesIO, path: str, compression: str) -> Any:
    """The file as Beam's file systems give it: compressed by its name, or as the caller says."""
    if compression == CompressionTypes.AUTO:
        compression = CompressionTypes.detect_compression_type(path)
    plain = compression == CompressionTypes.UNCOMPRESSED
    return file if plain else CompressedFile(file, compression)


class BeamObjects(FileSystem):
    """Beam's view."""

    @classmethod
    def scheme(cls) -> str:
        return SCHEME

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path: str) -> None:
        """Nothing: there are no directories."""

    def has_dirs(self) -> bool:
        return False

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        for path in sorted(OBJECTS):
            if path.startswith(dir_or_prefix):
                yield self.metadata(path)

    def create(
        self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO
    ) -> Any:
        return _packed(_Writer(path), path, compression_type)

    def open(
        self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO
    ) -> Any:
        return _packed(_Reader(self._content(path)), path, compression_type)

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            put(target, self._content(source))

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        self.copy(source_file_names, destination_file_names)
        self.delete(source_file_names)

    def exists(self, path: str) -> bool:
        return path in OBJECTS

    def size(self, path: str) -> int:
        return len(self._content(path))

    def last_updated(self, path: str) -> float:
        return _WRITTEN[path]

    def checksum(self, path: str) -> str:
        return str(hash(self._content(path)))

    def metadata(self, path: str) -> FileMetadata:
        return FileMetadata(path, self.size(path), _WRITTEN[path])

    def delete(self, paths: list[str]) -> None:
        for path in paths:  # of a prefix, as of a directory, all that is below it
            for name in (path, *below(path)):
                OBJECTS.pop(name, None)

    def _content(self, path: str) -> bytes:
        if path not in OBJECTS:
            raise FileNotFoundError(path)
        return OBJECTS[path]


@dataclass
class _Stat:
    length: int
    mtime_nsec: int


class TfxObjects(filesystem.Filesystem):
    """TFX's view."""

    SUPPORTED_SCHEMES = (f"{SCHEME}://",)

    @staticmethod
    def open(name: str, mode: str = "r") -> Any:
        if "w" in mode:
            return _Writer(name) if "b" in mode else _TextWriter(name)
        if name not in OBJECTS:
            raise filesystem.NotFoundError(name)
        data = io.BytesIO(OBJECTS[name])
        return data if "b" in mode else io.TextIOWrapper(data)

    @staticmethod
    def exists(path: str) -> bool:
        return path in OBJECTS or bool(below(path))

    @staticmethod
    def glob(pattern: str) -> list[str]:
        depth = pattern.count("/")
        names = {"/".join(path.split("/")[: depth + 1]) for path in OBJECTS}
        return sorted(name for name in names if fnmatchcase(name, pattern))

    @staticmethod
    def isdir(path: str) -> bool:
        return path not in OBJECTS and bool(below(path))

    @staticmethod
    def listdir(path: str) -> list[str]:
        start = len(path.rstrip("/")) + 1
        return sorted({name[start:].partition("/")[0] for name in below(path)})

    @staticmethod
    def makedirs(path: str) -> None:
        """Leave a mark that looks like a directory, as TensorFlow's does on gs://."""
        put(path.rstrip("/") + "/", b"")

    @staticmethod
    def remove(path: str) -> None:
        OBJECTS.pop(path)

    @staticmethod
    def rmtree(path: str) -> None:
        for name in below(path):
            OBJECTS.pop(name, None)

    @staticmethod
    def stat(path: str) -> _Stat:
        if path not in OBJECTS:
            return _Stat(0, 0)
        return _Stat(len(OBJECTS[path]), int(_WRITTEN[path] * 1e9))


filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY.register(TfxObjects, priority=0)
