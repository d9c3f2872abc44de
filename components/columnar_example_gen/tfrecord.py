"""The framing of TFRecord files, of a whole batch of records at once."""

from __future__ import annotations

import google_crc32c
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .arrays import Array

_MASK = np.uint32(0xA282EAD8)


def framed(records: pa.Array, payloads: list[bytes]) -> pa.Buffer | bytes:
    """The bytes of a TFRecord file that holds the records.

    Args:
        records: a binary array.
        payloads: the same records as Python bytes, which the checksums are taken of.
    """
    if not payloads:
        return b""
    count = len(payloads)
    lengths = np.fromiter(map(len, payloads), np.uint64, count)
    heads = np.empty((count, 12), np.uint8)
    heads[:, :8] = lengths.astype("<u8").view(np.uint8).reshape(count, 8)
    # The checksum of a length is taken once for each different length.
    different, index = np.unique(lengths, return_inverse=True)
    of_length = [google_crc32c.value(length.tobytes()) for length in different.astype("<u8")]
    heads[:, 8:] = _bytes(masked(of_length))[index]
    tails = _bytes(masked(list(map(google_crc32c.value, payloads))))
    joined = pc.binary_join_element_wise(_fixed(heads), records, _fixed(tails), pa.scalar(b""))
    return joined.buffers()[2]


def masked(checksums: list[int]) -> Array:
    """Checksums as TFRecord files hold them."""
    plain = np.array(checksums, np.uint32)
    return (plain >> np.uint32(15) | plain << np.uint32(17)) + _MASK


def _bytes(checksums: Array) -> Array:
    return checksums.astype("<u4").view(np.uint8).reshape(-1, 4)


def _fixed(rows: Array) -> pa.Array:
    """Rows of as many bytes each, as a binary array over the same memory."""
    count, width = rows.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(rows)]
    return pa.Array.from_buffers(pa.binary(), count, buffers)
