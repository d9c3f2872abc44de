"""Whatever a line of text holds: columns that it can be written from again, or a reason."""

import io

from hypothesis import strategies as st

from headrace.components.text_example_gen.lines import BadLine, Shape, first_bad_line
from headrace.errors import HeadraceError
from tests.bad_input.cases import fuzzed
from tests.bad_input.tables import PIECES
from tests.bad_input.values import odd_text

names = st.lists(odd_text, max_size=3).map(tuple)
shapes = st.tuples(
    names,
    st.sampled_from(("\t", ",", "::", "")) | odd_text,
    st.dictionaries(odd_text, st.lists(odd_text, max_size=2).map(tuple), max_size=1),
)
pieces = st.sampled_from([*PIECES, b"\t", b"a", b"b", b"::", b" "]) | st.binary(max_size=3)
SHAPES = (
    Shape(("text",), "\t", {}),
    Shape(("label", "text"), "\t", {"label": ("a", "b")}),
    Shape(("a", "b", "c"), "::", {}),
)


@fuzzed(60, fields=shapes)
def test_a_shape_is_kept_or_refused(fields):
    try:
        shape = Shape(*fields)
    except HeadraceError as error:
        assert error.message
        return
    assert Shape.from_json(shape.as_json()) == shape


@fuzzed(100, shape=st.sampled_from(SHAPES), some=st.lists(pieces, max_size=10))
def test_a_line_is_its_columns_or_bad_with_its_number(shape, some):
    data = b"".join(some)
    bad = None
    for number, line in enumerate(io.BytesIO(data), start=1):
        bare = line.rstrip(b"\r\n")
        try:
            row = shape.parse(bare)
        except BadLine as error:
            assert str(error)
            bad = bad or number
            continue
        if row is None:
            assert not bare.decode().removeprefix("\ufeff").strip()
            continue
        assert tuple(row) == shape.columns
        assert shape.separator.join(row.values()).encode() == bare.removeprefix(b"\xef\xbb\xbf")
    found = first_bad_line(["f.txt"], shape, lambda _: io.BytesIO(data))
    assert (found is None) is (bad is None)
    assert found is None or found.message.startswith(f"f.txt:{bad}: ")
