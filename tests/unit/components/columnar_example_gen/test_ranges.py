import io
from pathlib import Path

import pytest
from apache_beam.io.filesystem import CompressionTypes
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.components.columnar_example_gen.blocks import (
    last_record_end,
    read_blocks,
    record_spans,
)
from headrace.components.columnar_example_gen.files import InputFile
from headrace.components.columnar_example_gen.ranges import cut, join, range_count, scan

FIELD = st.text('a,\n"', max_size=6).map(lambda text: '"' + text.replace('"', '""') + '"')
TEXTS = st.lists(FIELD | st.text("ab,", max_size=5), max_size=15).map("\n".join)


def records(data):
    starts, ends = record_spans(data, b'"')
    return [data[start:end] for start, end in zip(starts, ends, strict=True)]


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 20))
def test_ranges_hold_whole_records_and_know_their_lines(tmp_path_factory, text, range_bytes):
    data = text.encode()
    path = tmp_path_factory.mktemp("ranges") / "f.csv"
    path.write_bytes(data)
    file = InputFile(str(path), len(data), CompressionTypes.UNCOMPRESSED)
    count = max(1, round(len(data) / range_bytes))
    ranges = join([scan(one, b'"') for one in reversed(cut(file, count))])
    pieces = [data[one.start : one.end] for one in ranges]
    assert b"".join(pieces) == data
    assert [record for piece in pieces for record in records(piece)] == records(data)
    for one in ranges:
        assert one.first_line == 1 + data.count(b"\n", 0, one.start)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 30))
def test_blocks_hold_whole_records_and_know_their_lines(text, size):
    data = text.encode()
    blocks = list(read_blocks("f", io.BytesIO(data).read, 1, b'"', size))
    assert b"".join(block.data for block in blocks) == data
    assert [record for block in blocks for record in records(block.data)] == records(data)
    position = 0
    for block in blocks:
        assert block.first_line == 1 + data.count(b"\n", 0, position)
        position += len(block.data)


def test_the_last_record_ends_outside_of_quotes():
    assert last_record_end(b'a\n"b\nc', b'"') == 2
    assert last_record_end(b'"a\nb', b'"') == 0
    assert last_record_end(b'a\n"b\nc', b'"', 1) == 5
    assert last_record_end(b"a\nb", b'"', 1) == 0
    assert last_record_end(b'"a\nb', b"") == 3


def test_a_quoted_field_of_many_pieces_and_lines_is_one_record():
    data = b'a\n"' + b"b\n" * 200_000 + b'"\nc\n'
    blocks = list(read_blocks("f", io.BytesIO(data).read, 1, b'"', 2000))
    assert [(len(block.data), block.first_line) for block in blocks] == [(2, 1), (400_005, 2)]


def test_blank_lines_are_no_records():
    assert records(b"\n\r\na\n\n \nb") == [b"a\n", b" \n", b"b"]


def test_a_file_is_cut_into_about_equal_parts(tmp_path: Path):
    file = InputFile(str(tmp_path / "f"), 1000, CompressionTypes.UNCOMPRESSED)
    sizes = [one.end - one.start for one in cut(file, 3)]
    assert sum(sizes) == 1000
    assert sizes == [333, 333, 334]


@pytest.mark.parametrize(
    ("megabytes", "count"), [(0, 1), (19, 1), (25, 2), (200, 12), (1000, 16), (5000, 78)]
)
def test_a_larger_file_is_read_in_more_ranges_and_these_are_not_too_small(megabytes, count):
    file = InputFile("f", megabytes << 20, CompressionTypes.UNCOMPRESSED)
    assert range_count(file) == count
