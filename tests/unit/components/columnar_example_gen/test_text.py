import io

import pytest

from headrace.components.columnar_example_gen.files import InputFile
from headrace.components.columnar_example_gen.ranges import Range
from headrace.components.columnar_example_gen.text import (
    can_start_anywhere,
    is_text,
    not_text,
    reader,
    shown,
)
from headrace.errors import HeadraceError

FILE = InputFile("f", 0, "uncompressed")


def read(data, encoding, size=3, start=0, end=None):
    source = reader(io.BytesIO(data), Range(FILE, start, end), encoding)
    return b"".join(iter(lambda: source(size), b""))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le", "utf-32", "cp1252"]
)
def test_every_encoding_is_read_as_utf_8_without_its_mark(encoding):
    assert read("aé\nü".encode(encoding), encoding) == "aé\nü".encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_byte_order_mark_is_left_out_at_the_beginning_only(encoding):
    assert read("\ufeffa\ufeff".encode(encoding), encoding) == "a\ufeff".encode()


@pytest.mark.parametrize("size", [1, 2, 3, 40])
def test_a_files_beginning_is_seen_however_few_bytes_are_read_at_once(size):
    assert read(b"\xef\xbb\xbf", "utf-8", size) == b""
    assert read(b"\xef\xbb\xbf{}\n", "utf-8", size) == b"{}\n"
    with pytest.raises(HeadraceError, match="bzip2"):
        read(b"BZh91AY&SY" + bytes(20), "utf-8", size)


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        (b"a\x81b", "cp1252", "a\\x81b"),
        ("aé".encode("utf-16-le") + b"x", "utf-16-le", "aé\\x78"),
        (b"a\xc3\xa9\xff", "euc-kr", None),
        (b"a\xffb", "shift_jis", None),
        (b"a\xe9", "ascii", "a\\xe9"),
    ],
)
def test_bytes_that_are_nothing_in_an_encoding_are_no_text(data, encoding, expected):
    found = read(data, encoding)
    assert not is_text(found)
    if expected:
        assert shown(found) == expected


def test_half_a_surrogate_pair_is_shown_by_its_bytes():
    assert not is_text(b"a\xed\xa0\x80")
    assert shown(b"a\xed\xa0\x80") == "a\\xed\\xa0\\x80"


def test_a_range_is_read_from_its_start_to_its_end():
    assert read("äbcdef".encode("latin-1"), "latin-1", start=2, end=5) == b"cde"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_file_that_is_no_text_is_refused_for_what_it_is(encoding):
    for data, what in (
        (b"PK\x03\x04", "ZIP"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"ARROW1\x00\x00", "Arrow"),
        (b"\x28\xb5\x2f\xfd$", "Zstandard"),
    ):
        with pytest.raises(HeadraceError, match=f"^f is no text; it is .*{what}"):
            read(data, encoding, size=100)
    assert read(b"PAR1,PAR2\n", encoding, size=100) == b"PAR1,PAR2\n"


def test_records_that_are_no_text_are_found():
    data = b"ab\xffcd\xfe"
    starts, ends = range(6), range(1, 7)
    assert sorted(not_text(data, starts, ends)) == [2, 5]
    assert not_text(b"abc", range(3), range(1, 4)) == {}


@pytest.mark.parametrize(
    ("encoding", "can"), [("utf-8", True), ("cp1252", True), ("utf-16", False), ("gb18030", False)]
)
def test_in_which_encodings_reading_can_start_anywhere(encoding, can):
    assert can_start_anywhere(encoding) is can
