"""Whatever an arrived file holds: each of its lines is a row or a bad one, by its number."""

import gzip
import json
import struct

import google_crc32c
import pyarrow as pa
import pytest
from hypothesis import strategies as st

from headrace.components.columnar_example_gen.tfrecord import framed, masked
from headrace.components.stream_example_gen.files import as_lines
from headrace.components.stream_example_gen.journal import Entry, Journal, StreamError, TakenFile
from headrace.components.stream_example_gen.rows import RowFormat, read_rows
from tests.bad_input.cases import fuzzed
from tests.bad_input.tables import PIECES, cell, delimited, encoded, json_cell, json_lines
from tests.bad_input.values import changed, damaged, odd_bytes

FORMS = (
    RowFormat({"a": "int", "b": "bytes"}),
    RowFormat({"a": "float"}, "t"),
    RowFormat({"a": "bytes", "c": "int"}, "t", "milliseconds"),
    RowFormat({"b": "float"}, "t", "iso"),
)
form = st.sampled_from(FORMS)
times = st.sampled_from(("0", "1.5e9", "-1", "nan", "2020-01-01", "2020-01-01T00:00:00Z", "x"))
known = st.fixed_dictionaries(
    {}, optional={"a": json_cell, "b": json_cell, "c": json_cell, "t": times | st.floats()}
)
objects = st.lists(known.map(json.dumps).map(encoded) | st.sampled_from(PIECES), max_size=6)
rows_of_csv = st.lists(
    st.lists(cell | times, min_size=4, max_size=4).map(",".join), max_size=6
).map(lambda lines: encoded("\n".join(["a,b,c,t", *lines])))
record = framed(pa.array([b"", b"\x0a\x00"], pa.binary()), [b"", b"\x0a\x00"])
records = damaged(bytes(record)) | odd_bytes
torn_length = st.integers(0, 2**64 - 1).map(lambda number: framed_length(number) + b"x")


def framed_length(number):
    """A length as if it were one, with the checksum of it."""
    head = struct.pack("<Q", number)
    return head + masked([google_crc32c.value(head)]).astype("<u4").tobytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("arrived")


def read(place, name, data, form):
    path = place / name
    path.write_bytes(data)
    rows = read_rows(path, form)
    assert len(rows.lines) == len(rows.times) == len(rows.texts) == len(rows.values)
    assert len(rows.examples(list(range(len(rows.lines))), form)) == len(rows.lines)
    assert all(one["reason"] for one in rows.bad)
    for line in as_lines(rows.bad).splitlines():
        json.loads(line)
    return rows


def numbers(rows):
    return sorted([*rows.lines, *(one["line"] for one in rows.bad)])


def lines_of(data, first):
    return [
        number
        for number, line in enumerate(data.split(b"\n"), 1)
        if line.strip() and number >= first
    ]


@fuzzed(60, data=json_lines() | objects.map(b"\n".join), form=form, packed=st.booleans())
def test_a_line_of_json_is_a_row_or_bad(place, data, form, packed):
    name = "f.jsonl.gz" if packed else "f.jsonl"
    rows = read(place, name, gzip.compress(data, 1) if packed else data, form)
    assert numbers(rows) == lines_of(data, 1)
    for line, values in zip(rows.lines, rows.values, strict=True):
        found = json.loads(data.split(b"\n")[line - 1])
        for kind, column, value in zip(form.columns.values(), form.columns, values, strict=True):
            if kind == "int" and isinstance(found.get(column), int):
                assert value == found[column]


@fuzzed(60, data=rows_of_csv | rows_of_csv.flatmap(damaged) | delimited(), form=form)
def test_a_line_of_csv_is_a_row_or_bad(place, data, form):
    rows = read(place, "f.csv", data, form)
    header = [one for one in rows.bad if one["reason"].startswith("the file cannot be read")]
    if not header:
        assert numbers(rows) == lines_of(data, 2)


@fuzzed(40, data=records | torn_length, form=st.just(RowFormat()) | st.just(RowFormat({}, "t")))
def test_a_torn_file_of_records_is_bad_from_there_on(place, data, form):
    rows = read(place, "f.tfrecord", data, form)
    assert numbers(rows) == list(range(1, len(numbers(rows)) + 1))
    assert bool(numbers(rows)) is bool(data)


@fuzzed(30, data=st.binary(max_size=40) | rows_of_csv.map(gzip.compress).flatmap(damaged))
def test_a_torn_compressed_file_is_bad_from_there_on(place, data):
    read(place, "f.csv.gz", data, FORMS[0])


ENTRY = {"files": [{"path": "/a.csv", "size": 1, "modified_ns": 2}], "idle": False}


@fuzzed(
    40,
    data=changed(ENTRY).map(lambda one: json.dumps(one).encode())
    | damaged(json.dumps(ENTRY).encode())
    | odd_bytes,
)
def test_a_journals_entry_is_read_or_refused_with_its_file(place, data):
    (place / "00000000.json").write_bytes(data)
    try:
        entry = Journal(place).read(0)
    except StreamError as error:
        assert str(place) in str(error)
        return
    assert isinstance(entry, Entry)
    assert all(isinstance(one, TakenFile) for one in entry.files)
