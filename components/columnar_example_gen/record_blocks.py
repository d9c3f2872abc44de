"""Reads the framing of TFRecord files."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import google_crc32c
import numpy as np

from headrace.errors import HeadraceError

from .blocks import BLOCK_BYTES
from .tfrecord import masked

_HEAD = struct.Struct("<QI")
_TAIL = struct.Struct("<I")
_HINT = "copy the file again"
_WRONG_CHECKSUM = "its checksum is wrong"


@dataclass(frozen=True)
class RecordBlock:
    """Some records of a file.

    Attributes:
        first: number of the first one in the file, from 1.
        broken: the reason why records are, by their places in the block.
    """

    file: str
    first: int
    payloads: Sequence[bytes]
    broken: Mapping[int, str] = field(default_factory=dict)


def read_records(file: str, stream: BinaryIO) -> Iterator[RecordBlock]:
    """A file's records in blocks of some megabytes.

    Raises:
        HeadraceError: it is no TFRecord file, or ends inside of a record.
    """
    first, rest, lacking = 1, b"", 0
    while piece := stream.read(max(BLOCK_BYTES, lacking)):
        data = rest + piece
        payloads, tails, place, lacking = _cut(file, first, data)
        if payloads:
            sums = masked(list(map(google_crc32c.value, payloads)))
            wrong = np.flatnonzero(sums != np.array(tails, np.uint32)).tolist()
            yield RecordBlock(file, first, payloads, dict.fromkeys(wrong, _WRONG_CHECKSUM))
        first += len(payloads)
        rest = data[place:]
    if rest:
        raise HeadraceError(f"{file} ends inside of record {first}", _HINT)


def _cut(file: str, first: int, data: bytes) -> tuple[list[bytes], list[int], int, int]:
    """The whole records, their checksums, where the rest begins, and how much it lacks."""
    payloads: list[bytes] = []
    tails: list[int] = []
    place = lacking = 0
    while place + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, place)
        if checksum != _checksum(length):
            raise HeadraceError(
                f"{file} is no TFRecord file, or broken, from record {first + len(payloads)} on",
                _HINT,
            )
        start = place + _HEAD.size
        lacking = start + length + _TAIL.size - len(data)
        if lacking > 0:
            break
        payloads.append(data[start : start + length])
        tails.append(_TAIL.unpack_from(data, start + length)[0])
        place = start + length + _TAIL.size
    return payloads, tails, place, max(lacking, 0)


@functools.lru_cache(maxsize=65536)
def _checksum(length: int) -> int:
    return int(masked([google_crc32c.value(length.to_bytes(8, "little"))])[0])
