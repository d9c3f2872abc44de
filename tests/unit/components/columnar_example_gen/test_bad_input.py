"""Whatever a file holds: a record is a row or in quarantine, or an error names the file."""

import bz2
import gzip
import io
import lzma
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import strategies as st

from headrace.components.columnar_example_gen.kinds import Kind
from headrace.components.columnar_example_gen.tfrecord import framed
from headrace.errors import HeadraceError
from tests.bad_input.cases import fuzzed
from tests.bad_input.ingesting import Reading, ingested
from tests.bad_input.tables import (
    DIALECTS,
    csv_records,
    delimited,
    is_plain,
    json_lines,
    json_object,
)
from tests.bad_input.values import damaged, odd_bytes

readings = st.builds(
    Reading, block=st.integers(1, 40), sample=st.integers(1, 40), ranges=st.integers(1, 12)
)


def attempted(data, name, *args, **kwargs):
    """What became of a file; None if it was refused with its name."""
    try:
        return ingested(data, name, *args, **kwargs)
    except HeadraceError as error:
        assert name in error.message, error.message
        return None


def number(value, kind):
    return int(value) if kind is Kind.INT else float(np.float32(float(value)))


def equal(found, expected):
    return found == expected or (
        isinstance(found, float)
        and isinstance(expected, float)
        and math.isnan(found)
        and math.isnan(expected)
    )


def assert_same(rows, expected):
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert row.keys() == wanted.keys()
        for name, values in wanted.items():
            found = row[name]
            assert (found is None) is (values is None), (name, found, values)
            if values is not None:
                assert len(found) == len(values), (name, found, values)
                assert all(map(equal, found, values)), (name, found, values)


def cell_values(cell, kind):
    if kind is Kind.UNKNOWN:
        return None
    if not cell:
        return []
    return [cell.encode() if kind is Kind.BYTES else number(cell.encode(), kind)]


@fuzzed(
    60,
    dialect=st.sampled_from(DIALECTS),
    file=st.data(),
    reading=st.just(Reading()) | readings,
)
def test_a_record_of_delimited_text_is_what_python_reads_or_in_quarantine(dialect, file, reading):
    delimiter, quote = dialect
    data = file.draw(delimited(delimiter, quote))
    options = {"delimiter": delimiter, "quote": quote}
    found = attempted(data, "f.csv", reading, options)
    if found is None:
        return
    _, *records = csv_records(data, delimiter, quote)
    width = len(found.kinds)
    rows = [one for one in records if one.cells is not None and len(one.cells) == width]
    assert [line for line, _ in found.bad] == [one.line for one in records if one not in rows]
    assert found.counted == len(found.bad)
    expected = [
        {
            name: cell_values(cell, kind)
            for (name, kind), cell in zip(found.kinds.items(), one.cells, strict=True)
        }
        for one in rows
    ]
    assert_same(found.rows, expected)


@fuzzed(40, data=delimited(), reading=readings)
def test_delimited_text_is_the_same_in_any_ranges_and_blocks(data, reading):
    assert attempted(data, "f.csv", reading) == attempted(data, "f.csv") or has_nan(data)


def has_nan(data):
    return b"nan" in data.lower()


JSON_KINDS = {Kind.INT: int, Kind.FLOAT: lambda value: float(np.float32(value))}


def json_values(value, kind):
    if value is None or kind is Kind.UNKNOWN:
        return None
    several = value if isinstance(value, list) else [value]
    return [one.encode() if kind is Kind.BYTES else JSON_KINDS[kind](one) for one in several]


@fuzzed(60, data=json_lines(), reading=st.just(Reading()) | readings)
def test_a_line_of_json_is_what_python_reads_or_in_quarantine(data, reading):
    found = attempted(data, "f.jsonl", reading)
    if found is None:
        return
    text = data.removeprefix(b"\xef\xbb\xbf")
    lines = {
        place: json_object(line)
        for place, line in enumerate(text.split(b"\n"), start=1)
        if line.strip()
    }
    bad = [line for line, _ in found.bad]
    assert found.counted == len(bad)
    assert bad == [line for line in lines if line in bad]
    assert all(lines[line] is not None or line in bad for line in lines)
    assert not any(is_plain(lines[line]) for line in bad)
    expected = [
        {name: json_values(features.get(name), kind) for name, kind in found.kinds.items()}
        for line, features in lines.items()
        if line not in bad
    ]
    assert_same(found.rows, expected)


@fuzzed(30, data=json_lines(), reading=readings)
def test_lines_of_json_are_the_same_in_any_ranges_and_blocks(data, reading):
    whole, in_pieces = attempted(data, "f.jsonl"), attempted(data, "f.jsonl", reading)
    if whole is not None and in_pieces is not None and not has_nan(data):
        assert in_pieces == whole


@pytest.mark.parametrize("reading", [Reading(), Reading(block=5), Reading(5, 5), Reading(ranges=3)])
@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (b'{"a": null}\n{"a": {}}\n{}\n', {"a": Kind.UNKNOWN}),
        (b'{"a": null}\n{"a": {"b": 1}}\n{}\n', {"a.b": Kind.INT}),
        (b'{"a": {"b": null}}\n{"a": null}\n{"a": {"b": {"c": 2}}}\n', {"a.b.c": Kind.INT}),
        (b'{"a": {}}\n{"a": 1}\n', {"a": Kind.INT}),
        (b'{"a": []}\n{"a": {"b": 1}}\n', {"a.b": Kind.INT}),
        (b'{"a": []}\n{"a": {}}\n', {"a": Kind.UNKNOWN}),
    ],
)
def test_an_object_that_is_null_or_empty_is_the_same_column_in_any_blocks(data, kinds, reading):
    found = ingested(data, "f.jsonl", reading)
    assert found.kinds == kinds
    assert [set(row) for row in found.rows] == [set(kinds)] * data.count(b"\n")


@pytest.mark.parametrize("reading", [Reading(), Reading(block=1), Reading(block=1, sample=1)])
def test_a_list_with_a_null_in_it_is_bad_in_any_blocks_also_beside_objects(reading):
    found = ingested(b'{"a": [null]}\n{"a": {"b": 1}}\n', "f.jsonl", reading)
    assert (found.rows, found.bad) == ([{"a.b": [1]}], [(1, '{"a": [null]}')])


@fuzzed(40, data=delimited() | json_lines() | odd_bytes, reading=readings)
def test_a_line_of_text_is_a_row_or_in_quarantine(data, reading):
    found = attempted(data, "f.txt", reading, kind="text")
    if found is None:
        return
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    lines = lines if lines[-1] else lines[:-1]
    texts = [line.decode("utf-8", "replace") for line in lines]
    wrong = [place for place, line in enumerate(lines) if texts[place].encode() != line]
    assert [line for line, _ in found.bad] == [place + 1 for place in wrong]
    assert [row["text"] for row in found.rows] == [
        [line.removesuffix(b"\r")] for place, line in enumerate(lines) if place not in wrong
    ]


TABLE = pa.table(
    {
        "number": pa.array([1, None, 3], pa.int64()),
        "share": pa.array([0.5, 1.5, None], pa.float32()),
        "word": pa.array(["a", None, "ccc"]),
        "words": pa.array([["a"], [], ["b", "c"]], pa.list_(pa.string())),
    }
)


def written(name):
    sink = io.BytesIO()
    if name.endswith(".parquet"):
        pq.write_table(TABLE, sink)
    elif name.endswith(".arrow"):
        with pa.ipc.new_file(sink, TABLE.schema) as file:
            file.write_table(TABLE)
    else:
        texts = [b"", b"\x0a\x00", b"\x0a\x0b\x0a\x09\x0a\x01a\x12\x04\x1a\x02\x08\x01"]
        sink.write(framed(pa.array(texts, pa.binary()), texts))
    return sink.getvalue()


@fuzzed(
    60,
    name=st.sampled_from(("f.parquet", "f.arrow", "f.tfrecord")),
    data=st.data(),
)
def test_a_damaged_file_of_tables_or_records_is_read_or_refused_with_its_name(name, data):
    found = attempted(data.draw(damaged(written(name))), name)
    assert found is None or found.counted == len(found.bad)


@fuzzed(
    60,
    ending=st.sampled_from((".gz", ".bz2", ".xz", ".zst")),
    data=delimited(),
    harm=st.data(),
)
def test_a_damaged_compressed_file_is_read_or_refused_with_its_name(ending, data, harm):
    compress = {".gz": gzip, ".bz2": bz2, ".xz": lzma, ".zst": zstandard}[ending].compress
    packed = compress(data)
    found = attempted(harm.draw(st.just(packed) | damaged(packed)), f"f.csv{ending}")
    assert found is None or found.counted == len(found.bad)
