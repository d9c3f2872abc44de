"""What is in an output, so that one of a disturbed run can be held against an undisturbed one's."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_HEADER = struct.Struct("<QI")
_CHECKSUM_BYTES = 4
EMPTY = "no files"
"""The digest of a directory without any, as TFX's Trainer leaves one for its ``model_run``."""
_FIRST_FIELD_OF_BYTES = 0x0A


def digest(place: Path) -> str:
    """Of a file, or of the files below a directory; the empty text where there is none.

    Records are told apart, and may come in any order and number of files, as Beam writes them.
    """
    if place.is_file():
        return _hash([place.name.encode(), place.read_bytes()])
    if not place.is_dir():
        return ""
    parts = [
        part for file in sorted(place.rglob("*")) if file.is_file() for part in _parts(place, file)
    ]
    return _hash(sorted(parts)) if parts else EMPTY


def _parts(place: Path, file: Path) -> Iterator[bytes]:
    where = file.relative_to(place)
    if file.suffix != ".gz":
        yield b"%s %s" % (str(where).encode(), hashlib.sha256(file.read_bytes()).digest())
        return
    folder = str(where.parent).encode()
    try:
        for record in records(file):
            yield b"%s %s" % (folder, hashlib.sha256(b"".join(_features(record))).digest())
    except (ValueError, struct.error, zlib.error) as error:
        yield b"%s is cut short: %s" % (str(where).encode(), str(error).encode())


def records(file: Path) -> Iterator[bytes]:
    """The records of a gzipped TFRecord file.

    Raises:
        ValueError: it ends within a record, or within the stream of gzip.
    """
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    packed, data = file.read_bytes(), b""
    while packed:  # one stream after another, as gzip(1) allows
        data += unpacker.decompress(packed) + unpacker.flush()
        if not unpacker.eof:
            raise ValueError("the stream of gzip has no end")
        packed = unpacker.unused_data
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    at = 0
    while at < len(data):
        length, _ = _HEADER.unpack_from(data, at)
        end = at + _HEADER.size + length + _CHECKSUM_BYTES
        if end > len(data):
            raise ValueError("the last record has no end")
        yield data[at + _HEADER.size : at + _HEADER.size + length]
        at = end


def _features(example: bytes) -> list[bytes]:
    """The features of a serialized tf.Example, in order: each process writes them in another."""
    try:
        [features] = _fields(example)
        return sorted(_fields(features))
    except (ValueError, IndexError):
        return [example]  # it is something else


def _fields(message: bytes) -> list[bytes]:
    """The contents of a message of protocol buffers that has nothing but repeated bytes as 1."""
    found, at = [], 0
    while at < len(message):
        if message[at] != _FIRST_FIELD_OF_BYTES:
            raise ValueError("another field")
        length = shift = 0
        while True:
            at += 1
            length |= (message[at] & 0x7F) << shift
            shift += 7
            if message[at] < 0x80:
                break
        found.append(message[at + 1 : at + 1 + length])
        at += 1 + length
    return found


def _hash(parts: list[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
