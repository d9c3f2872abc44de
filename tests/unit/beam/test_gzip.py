import gzip
from pathlib import Path

import pytest
from apache_beam.io.filesystem import CompressedFile, CompressionTypes
from zlib_ng import zlib_ng

from headrace.beam.gzip import compress_quickly

RECORDS = [f"flight {number} of the day, which is late".encode() for number in range(2000)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        CompressedFile, "_initialize_compressor", CompressedFile._initialize_compressor
    )
    compress_quickly()
    compress_quickly()


def written(path: Path, kind: str) -> bytes:
    with path.open("wb") as raw:
        file = CompressedFile(raw, kind)
        for record in RECORDS:
            file.write(record)
        file.close()
    return path.read_bytes()


def test_what_is_written_is_gzip_of_the_same_bytes(tmp_path: Path) -> None:
    content = written(tmp_path / "a.gz", CompressionTypes.GZIP)
    assert gzip.decompress(content) == b"".join(RECORDS)
    with (tmp_path / "a.gz").open("rb") as raw:
        assert CompressedFile(raw, CompressionTypes.GZIP).read(1 << 20) == b"".join(RECORDS)


def test_it_is_zlib_ng_that_compresses(tmp_path: Path) -> None:
    with (tmp_path / "a.gz").open("wb") as raw:
        file = CompressedFile(raw, CompressionTypes.GZIP)
        assert isinstance(file._compressor, type(zlib_ng.compressobj()))
        file.close()


def test_other_kinds_of_compression_are_beams(tmp_path: Path) -> None:
    written(tmp_path / "a.bz2", CompressionTypes.BZIP2)
    with (tmp_path / "a.bz2").open("rb") as raw:
        assert CompressedFile(raw, CompressionTypes.BZIP2).read(1 << 20) == b"".join(RECORDS)
