import io
import random
import zlib

import pytest
import zstandard

from headrace.components.columnar_example_gen.members import members

KINDS = {
    "zstd": (zstandard.ZstdCompressor().compress, zstandard.ZstdDecompressor().decompressobj),
    "deflate": (zlib.compress, zlib.decompressobj),
}
DATA = random.Random(1).randbytes(300_000) + b"a" * 500_000


@pytest.fixture(params=list(KINDS))
def kind(request):
    return KINDS[request.param]


def test_members_are_read_one_after_the_other(kind):
    compress, decompressor = kind
    stored = compress(DATA) + compress(b"") + compress(b"end")
    found = members(io.BytesIO(stored), decompressor)
    assert found.read(10) == DATA[:10]
    assert found.read() == DATA[10:] + b"end"
    assert found.read(1) == b""


def test_nothing_is_no_member(kind):
    assert members(io.BytesIO(b""), kind[1]).read() == b""


@pytest.mark.parametrize("lost", [1, 3, 100_000])
def test_a_member_that_is_cut_off_is_noticed(kind, lost):
    compress, decompressor = kind
    stored = compress(b"begin") + compress(DATA)[:-lost]
    with pytest.raises(EOFError):
        members(io.BytesIO(stored), decompressor).read()
