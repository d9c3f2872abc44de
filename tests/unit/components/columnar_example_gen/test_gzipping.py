import gzip
import zlib

import pyarrow as pa
import pytest

from headrace.components.columnar_example_gen import gzipping

DATA = b"flight of the day " * 500


def test_members_one_after_the_other_are_a_valid_file() -> None:
    members = [gzipping.gzipped(DATA), gzipping.gzipped(pa.py_buffer(b"more"))]
    assert gzip.decompress(b"".join(members)) == DATA + b"more"


def test_without_zlib_ng_zlib_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzipping, "zlib_ng", None)
    compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
    assert gzipping.gzipped(DATA) == compressor.compress(DATA) + compressor.flush()
