"""Text files as UTF-8, whatever their encoding, in pieces, from any place where that can be."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from headrace.errors import HeadraceError

from .arrays import Array
from .ranges import Range
from .signatures import LONGEST, refuse_binary

_UTF8_MARK = codecs.BOM_UTF8
_BEGINNING = max(LONGEST, len(_UTF8_MARK))
_PLAIN = ("utf-8", "ascii")
_UNDECODABLE = "headrace.undecodable"
_SURROGATES = range(0xD800, 0xE000)
_BYTES = range(0xDC00, 0xDD00)
"""The surrogates that stand for bytes that are nothing in the file's encoding."""

NOT_TEXT = "not valid text in the file's encoding"

Read = Callable[[int], bytes]


def codec_name(encoding: str) -> str:
    """Python's name of an encoding.

    Raises:
        HeadraceError: there is none of that name.
    """
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise HeadraceError(
            f"encoding {encoding!r} is not known", "see Python's list of standard encodings"
        ) from error


def can_start_anywhere(encoding: str) -> bool:
    """Whether a line break or quote is one byte in it that nothing else contains."""
    name = codec_name(encoding)
    if name in _PLAIN:
        return True
    try:
        everything = bytes(range(256)).decode(name, "replace")
        ascii_too = bytes(range(128)).decode(name) == bytes(range(128)).decode("ascii")
    except (UnicodeError, LookupError):
        return False
    return len(everything) == 256 and ascii_too


def is_text(data: bytes) -> bool:
    """Whether bytes are valid UTF-8."""
    if data.isascii():
        return True
    offsets = np.array([0, len(data)], np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, buffers).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def not_text(data: bytes, starts: Array, ends: Array) -> dict[int, str]:
    """The records that are not valid UTF-8, found by halving."""
    found: dict[int, str] = {}
    waiting = [(0, len(starts))]
    while waiting:
        low, high = waiting.pop()
        if low >= high or is_text(data[starts[low] : ends[high - 1]]):
            continue
        if high - low == 1:
            found[low] = NOT_TEXT
            continue
        middle = (low + high) // 2
        waiting += [(low, middle), (middle, high)]
    return found


def shown(data: bytes) -> str:
    """Text that may hold bytes that are none; these as ``\\xNN``."""
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode(errors="backslashreplace")
    return "".join(_shown(one) if ord(one) in _SURROGATES else one for one in text)


def _shown(surrogate: str) -> str:
    wrong = surrogate.encode("utf-8", "surrogatepass")
    if ord(surrogate) in _BYTES:
        wrong = bytes([ord(surrogate) - _BYTES.start])
    return "".join(f"\\x{byte:02x}" for byte in wrong)


def reader(stream: BinaryIO, piece: Range, encoding: str) -> Read:
    """Reads a range of a file as UTF-8.

    A byte order mark at the very beginning is left out. UTF-8 itself is passed on unchecked. Bytes
    that are nothing in another encoding become bytes that are no UTF-8 either.

    Returns:
        A function that reads about so many bytes, and nothing only at the end.

    Raises:
        HeadraceError: on reading, that the file is no text at all.
    """
    start, end = piece.start, piece.end
    if start:
        stream.seek(start)
    read = stream.read if end is None else _limited(stream, end - start)
    if not start:
        read = _Checked(piece.file.path, read)
    name = codec_name(encoding)
    if name not in _PLAIN:
        return _Transcoder(read, name)
    return _WithoutMark(read) if not start else read


class _Checked:
    """Looks at a file's beginning, and gives that whole, however little is asked for."""

    def __init__(self, file: str, read: Read) -> None:
        self._file = file
        self._read = read
        self._started = False

    def __call__(self, size: int) -> bytes:
        data = self._read(size)
        if self._started:
            return data
        self._started = True
        while len(data) < _BEGINNING and (more := self._read(_BEGINNING - len(data))):
            data += more
        refuse_binary(self._file, data)
        return data


class _WithoutMark:
    def __init__(self, read: Read) -> None:
        self._read = read
        self._started = False

    def __call__(self, size: int) -> bytes:
        data = self._read(size)
        if self._started:
            return data
        self._started = True
        if data.startswith(_UTF8_MARK):
            return data[len(_UTF8_MARK) :] or self._read(size)
        return data


def _undecodable(error: UnicodeError) -> tuple[str, int]:
    """Each byte that is nothing in an encoding as a character that UTF-8 has no bytes for."""
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return "".join(chr(_BYTES.start + byte) for byte in wrong), error.end


codecs.register_error(_UNDECODABLE, _undecodable)


class _Transcoder:
    def __init__(self, read: Read, encoding: str) -> None:
        self._read = read
        self._decoder = codecs.getincrementaldecoder(encoding)(_UNDECODABLE)
        self._started = False

    def __call__(self, size: int) -> bytes:
        while True:
            data = self._read(size)
            text = self._decoder.decode(data, final=not data)
            if not self._started and text:
                self._started = True
                text = text.removeprefix("\ufeff")
            if text or not data:
                return text.encode("utf-8", "surrogatepass")


def _limited(stream: BinaryIO, length: int) -> Read:
    left = length

    def read(size: int) -> bytes:
        nonlocal left
        data = stream.read(min(size, left))
        left -= len(data)
        return data

    return read
