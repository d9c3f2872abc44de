"""Compressed files that are members, or frames, one after the other."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, BinaryIO, cast

_PIECE_BYTES = 1 << 16


def members(stored: BinaryIO, decompressor: Callable[[], Any]) -> BinaryIO:
    """Reads what is compressed, and notices if it is cut off.

    Args:
        decompressor: makes an object with zlib's ``decompress``, ``eof`` and ``unused_data``.

    Raises:
        EOFError: on reading, that the last member has no end.
    """
    return cast(BinaryIO, io.BufferedReader(_Members(stored, decompressor), _PIECE_BYTES))


class _Members(io.RawIOBase):
    def __init__(self, stored: BinaryIO, decompressor: Callable[[], Any]) -> None:
        self._stored = stored
        self._new = decompressor
        self._member: Any = None
        self._decompressed = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._decompressed:
            data = self._compressed()
            if not data:
                return 0
            if self._member is None:
                self._member = self._new()
            self._decompressed = memoryview(self._member.decompress(data))
        taken = min(len(buffer), len(self._decompressed))
        buffer[:taken] = self._decompressed[:taken]
        self._decompressed = self._decompressed[taken:]
        return taken

    def _compressed(self) -> bytes:
        """The next piece for the member at hand, or for the one after it; nothing at the end."""
        rest = b""
        if self._member is not None and self._member.eof:
            rest = self._member.unused_data
            self._member = None
        data = rest or self._stored.read(_PIECE_BYTES)
        if not data and self._member is not None:
            raise EOFError("it ends before the end of its last member")
        return data
