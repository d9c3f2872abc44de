"""Protocol buffers' variable-length integers, of one number or of whole arrays at once."""

from __future__ import annotations

import numpy as np

from .arrays import Array

_BITS = 7
_LONGEST = 10


def varint(number: int) -> bytes:
    """The encoding of one number of 0 or more."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= _BITS
    out.append(number)
    return bytes(out)


def varints(numbers: Array) -> tuple[Array, Array]:
    """The encodings of int64 numbers, one after the other, and the length of each.

    Returns:
        The bytes (uint8), and how many belong to each number (int64).
    """
    # As in protocol buffers, a negative number is the unsigned one of the same bits: ten bytes.
    unsigned = numbers.view(np.uint64)
    lengths = np.ones(len(unsigned), np.int64)
    largest = int(unsigned.max()) if len(unsigned) else 0
    width = 1
    while width < _LONGEST and largest >> (_BITS * width):
        lengths += unsigned >= np.uint64(1 << (_BITS * width))
        width += 1
    if width == 1:
        return unsigned.astype(np.uint8), lengths
    table = np.empty((len(unsigned), width), np.uint8)
    for place in range(width):
        group = (unsigned >> np.uint64(_BITS * place)).astype(np.uint8) & np.uint8(0x7F)
        table[:, place] = group | ((lengths > place + 1).astype(np.uint8) << np.uint8(_BITS))
    return table[np.arange(width) < lengths[:, None]], lengths
