"""Gzip of whole blocks, each a member of its own, so that blocks are compressed in parallel."""

from __future__ import annotations

import zlib

import pyarrow as pa

# As Beam's TFRecord sink. Level 3 takes half of the time and makes files a fifth larger.
LEVEL = 6
_GZIP = 31


def gzipped(data: pa.Buffer | bytes) -> bytes:
    """A complete gzip member; members one after the other are a valid file."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    return compressor.compress(memoryview(data)) + compressor.flush()
