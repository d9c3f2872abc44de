import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.components.columnar_example_gen.blocks import Block
from headrace.components.columnar_example_gen.csv_rows import Dialect, read_rows
from headrace.components.columnar_example_gen.text import NOT_TEXT

NAMES = ["a", "b"]


def rows_of(data, dialect=None, first_line=1):
    rows = read_rows(Block("f.csv", data, first_line), NAMES, dialect or Dialect())
    cells = [column.to_pylist() for column in rows.cells]
    return list(zip(*cells, strict=True)), [(bad.line, bad.reason) for bad in rows.bad], rows


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(*[st.text('xy",\n\r é', max_size=5)] * 2), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_wrote(written, line_break):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_break, quoting=csv.QUOTE_ALL).writerows(written)
    found, bad, _ = rows_of(text.getvalue().encode())
    assert found == [(a or None, b or None) for a, b in written]
    assert bad == []


@settings(max_examples=500, deadline=None)
@given(st.text('ab,,""\n\r é', max_size=20) | st.text('a,"\n', max_size=12))
def test_a_row_is_what_python_reads_or_is_bad(text):
    found, bad, _ = rows_of(text.encode())
    if not bad:
        expected = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        assert [tuple(cell or "" for cell in row) for row in found] == list(map(tuple, expected))


def test_quotes_inside_of_unquoted_fields_do_not_hide_an_open_one():
    # The number of quotes is even, and of rows as expected; but the last field is not closed.
    found, bad, _ = rows_of(b'1,2\n3",4"\n5,"6\n\n7,8\n')
    assert found == [("1", "2"), ('3"', '4"')]
    assert [line for line, _ in bad] == [3]


def test_a_carriage_return_alone_ends_no_row():
    found, bad, _ = rows_of(b'1,2\r3,4\r\n5,"6\r7"\r\n8,9\r')
    assert found == [("5", "6\r7"), ("8", "9")]
    assert bad == [(1, "a carriage return without a line feed, outside of quotes")]


@pytest.mark.parametrize("end", [b"\r\r\n", b"\r\r\r\n"])
def test_several_carriage_returns_end_a_row_as_one_does(end):
    lines = [b"1,2", b"", b'"3","4"', b"5,6\r7,8", b"9,"]
    found, bad, _ = rows_of(end.join(lines) + end)
    assert found == [("1", "2"), ("3", "4"), ("9", None)]
    assert [line for line, _ in bad] == [4]
    assert rows_of(b"1,2\r\r")[:2] == ([("1", "2")], [])
    assert rows_of(b"1,2\n\r\r")[:2] == ([("1", "2")], [])


def test_many_bad_rows_have_their_lines():
    data = b"".join(b"%d\n" % number for number in range(5000))
    _, bad, _ = rows_of(data, first_line=3)
    assert [line for line, _ in bad] == list(range(3, 5003))


def test_ragged_rows_are_bad_with_their_lines_and_texts():
    data = b'1,2\n3\n\n"x\ny",4\r\n5,6,7\n8,9\n'
    found, bad, rows = rows_of(data, first_line=10)
    assert found == [("1", "2"), ("x\ny", "4"), ("8", "9")]
    assert bad == [
        (11, "1 fields where the header has 2"),
        (15, "3 fields where the header has 2"),
    ]
    assert [one.text for one in rows.bad] == ["3", "5,6,7"]
    assert rows.records.tolist() == [0, 2, 4]


def test_bytes_that_are_no_text_are_bad_and_shown():
    found, bad, rows = rows_of(b"1,2\n3,\xff\n5,6\n\xe9,7\n8\n")
    assert found == [("1", "2"), ("5", "6")]
    assert bad == [(2, NOT_TEXT), (4, NOT_TEXT), (5, "1 fields where the header has 2")]
    assert rows.bad[0].text == "3,\\xff"


def test_a_stray_quote_is_bad_and_the_rows_around_it_are_kept():
    found, bad, _ = rows_of(b'1,2\n5" pipe,3\n4" pipe,3\n"x\ny",6\n')
    assert found == [("1", "2"), ("x\ny", "6")]
    assert [line for line, _ in bad] == [2]
    assert "quote" in bad[0][1]


def test_a_quote_that_is_never_closed():
    found, bad, _ = rows_of(b'1,2\n3,"4\n5,6\n')
    assert found == [("1", "2")]
    assert [line for line, _ in bad] == [2]


def test_a_block_of_nothing_but_bad_rows():
    found, bad, _ = rows_of(b"\xff\n\xfe")
    assert found == []
    assert [line for line, _ in bad] == [1, 2]


def test_other_delimiters_quotes_and_nulls():
    dialect = Dialect(delimiter=";", quote="'", nulls=("NA",))
    found, bad, _ = rows_of(b"1;'2;\"3'\nNA;'NA'\n", dialect)
    assert found == [("1", '2;"3'), (None, None)]
    assert bad == []


def test_without_quotes_a_quote_is_a_character():
    found, bad, _ = rows_of(b'"1,2\n3,4"\n', Dialect(quote=""))
    assert (found, bad) == ([('"1', "2"), ("3", '4"')], [])


def test_a_byte_order_mark_that_begins_no_file_is_its_cells_own():
    found, bad, _ = rows_of("\ufeff1,2\n\ufeff3,4\n".encode())
    assert (found, bad) == ([("\ufeff1", "2"), ("\ufeff3", "4")], [])
    rows = read_rows(Block("f.csv", "\ufeff\n".encode(), 1), ["a"], Dialect())
    assert rows.cells[0].to_pylist() == ["\ufeff"]


@pytest.mark.parametrize(
    "fields",
    [
        {"delimiter": ""},
        {"delimiter": "::"},
        {"delimiter": 9},
        {"quote": "é"},
        {"quote": "\0"},
        {"delimiter": "\0"},
        {"delimiter": "'", "quote": "'"},
        {"encoding": 8},
        {"nulls": "NA"},
        {"column_names": (1, 2)},
    ],
)
def test_a_dialect_that_cannot_be_is_refused(fields):
    with pytest.raises(ValueError, match=r"one ASCII|needed|the same|a name|a list of texts"):
        Dialect(**fields)
