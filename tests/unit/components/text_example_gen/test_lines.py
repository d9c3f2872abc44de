import io

import pytest

from headrace.components.text_example_gen.lines import BadLine, Shape, first_bad_line
from headrace.errors import HeadraceError

SMS = Shape(("label", "text"), "\t", {"label": ("ham", "spam")})
PLAIN = Shape(("text",), "\t", {})


def test_the_last_column_has_the_rest_of_the_line():
    assert SMS.parse(b'ham\tone\ttwo, "three"') == {"label": "ham", "text": 'one\ttwo, "three"'}
    assert PLAIN.parse(b"a\tb") == {"text": "a\tb"}


def test_a_blank_line_is_no_row_and_a_byte_order_mark_is_no_text():
    assert SMS.parse(b"") is None
    assert SMS.parse(b" \t ") is None
    assert SMS.parse("\ufeffham\tHello".encode()) == {"label": "ham", "text": "Hello"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"ham", "has 1 of the columns label, text"),
        (b"eggs\tHello", "label is 'eggs', none of ham, spam"),
        (b"ham\tcaf\xe9", "is not UTF-8: unexpected end of data at byte 8"),
    ],
)
def test_a_line_of_another_shape_is_refused_with_the_reason(line, reason):
    with pytest.raises(BadLine, match=reason):
        SMS.parse(line)


def test_the_first_bad_line_is_named_by_file_and_number():
    files = {"a.txt": b"ham\tone\r\n\nspam\ttwo\n", "b.txt": b"ham\tthree\neggs\tfour\neggs\tfive"}
    found = first_bad_line(["a.txt", "b.txt"], SMS, lambda name: io.BytesIO(files[name]))
    assert found is not None
    assert found.message == "b.txt:2: label is 'eggs', none of ham, spam: 'eggs\\tfour'"


def test_where_all_lines_fit_there_is_none():
    assert first_bad_line(["a"], SMS, lambda name: io.BytesIO(b"ham\tone")) is None


def test_a_shape_survives_being_an_execution_property():
    assert Shape.from_json(SMS.as_json()) == SMS


@pytest.mark.parametrize(
    ("columns", "separator", "allowed", "message"),
    [
        ((), "\t", {}, "columns must be names"),
        (("a", "a"), "\t", {}, "columns must be names"),
        (("a", "b"), "", {}, "need a separator"),
        (("a",), "\t", {"b": ("x",)}, "allowed names 'b'"),
    ],
)
def test_a_shape_without_a_meaning_is_refused(columns, separator, allowed, message):
    with pytest.raises(HeadraceError, match=message):
        Shape(columns, separator, allowed)
