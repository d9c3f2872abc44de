import io

import pyarrow as pa
import pytest

from headrace.components.columnar_example_gen.record_blocks import read_records
from headrace.components.columnar_example_gen.tfrecord import framed
from headrace.errors import HeadraceError

RECORDS = [b"", b"a", b"bb" * 100, bytes(range(256)), b"c" * 5_000_000, b"a"]
FILE = bytes(framed(pa.array(RECORDS), RECORDS))


class Slow(io.BytesIO):
    """Gives less than is asked for, as sockets do."""

    def read(self, size=-1):
        return super().read(min(size, 70_001))


@pytest.mark.parametrize("stream", [io.BytesIO, Slow])
def test_records_are_read_as_they_were_written_and_counted(stream):
    blocks = list(read_records("f", stream(FILE)))
    assert [payload for block in blocks for payload in block.payloads] == RECORDS
    first = 1
    for block in blocks:
        assert block.first == first
        assert block.broken == {}
        first += len(block.payloads)


def test_a_wrong_checksum_breaks_one_record():
    content = bytearray(bytes(framed(pa.array(RECORDS[:4]), RECORDS[:4])))
    content[16 + 12] ^= 1
    [block] = read_records("f", io.BytesIO(bytes(content)))
    assert block.broken == {1: "its checksum is wrong"}


@pytest.mark.parametrize("lost", [1, 20, 1_000_000])
def test_a_file_that_ends_inside_of_a_record_is_refused(lost):
    with pytest.raises(HeadraceError, match=r"f ends inside of record [56]"):
        list(read_records("f", io.BytesIO(FILE[:-lost])))


def test_nothing_is_no_record():
    assert list(read_records("f", io.BytesIO(b""))) == []


def test_a_wrong_length_is_refused_with_the_record():
    content = bytearray(FILE)
    content[16] ^= 1
    with pytest.raises(HeadraceError, match="f is no TFRecord file, or broken, from record 2 on"):
        list(read_records("f", io.BytesIO(bytes(content))))
