"""Text files as UTF-8, whatever their encoding, in pieces, from any place where that can be."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import BinaryIO

from headrace.errors import HeadraceError

from .ranges import Range

_UTF8_MARK = codecs.BOM_UTF8
_PLAIN = ("utf-8", "ascii")

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


def reader(stream: BinaryIO, piece: Range, encoding: str) -> Read:
    """Reads a range of a file as UTF-8.

    A byte order mark at the very beginning is left out. UTF-8 itself is passed on unchecked.

    Returns:
        A function that reads about so many bytes, and nothing only at the end.
    """
    start, end = piece.start, piece.end
    if start:
        stream.seek(start)
    read = stream.read if end is None else _limited(stream, end - start)
    name = codec_name(encoding)
    if name not in _PLAIN:
        return _Transcoder(piece.file.path, read, name)
    return _WithoutMark(read) if not start else read


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


class _Transcoder:
    def __init__(self, file: str, read: Read, encoding: str) -> None:
        self._file = file
        self._read = read
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._offset = 0
        self._started = False

    def __call__(self, size: int) -> bytes:
        while True:
            data = self._read(size)
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                place = self._offset + error.start
                raise HeadraceError(
                    f"{self._file}: byte {place} is not valid {self._encoding}: {error.reason}",
                    "give the file's encoding",
                ) from error
            self._offset += len(data)
            if not self._started and text:
                self._started = True
                text = text.removeprefix("\ufeff")
            if text or not data:
                return text.encode()


def _limited(stream: BinaryIO, length: int) -> Read:
    left = length

    def read(size: int) -> bytes:
        nonlocal left
        data = stream.read(min(size, left))
        left -= len(data)
        return data

    return read
