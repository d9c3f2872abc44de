from decimal import Decimal

import pyarrow as pa
import pytest

from headrace.components.columnar_example_gen.arrow_columns import (
    flattened,
    kind_of,
    typed_columns,
)
from headrace.components.columnar_example_gen.decoding import Features
from headrace.components.columnar_example_gen.kinds import Kind
from headrace.errors import HeadraceError


def typed(array, kind=None, least=Kind.UNKNOWN):
    """The good values, and for each bad row its reason."""
    given = {} if kind is None else {"a": kind}
    table = pa.table({"a": array})
    found = typed_columns(flattened(table, "f"), Features({"a": least}, given), len(array), "f")
    kept, dropped = found.without_refused(len(array))
    reasons = {row: found.reason(row) for row in range(len(array)) if dropped[row]}
    return kept.columns[0].values.to_pylist(), reasons


NOT_INT = "a has a value that is not of kind INT"


@pytest.mark.parametrize(
    ("array", "expected", "bad"),
    [
        (pa.array([2**53 + 1, 2**63, None], pa.uint64()), [2**53 + 1, None], [1]),
        (pa.array([1.0, 1.5, float("nan"), None, 2.0**63]), [1, None], [1, 2, 4]),
        (pa.array([Decimal("9007199254740993"), Decimal("1E+19"), None]), [2**53 + 1, None], [1]),
        (pa.array([Decimal("1.00"), Decimal("1.50")]), [1], [1]),
        (pa.array(["7", "x", None]), [7, None], [1]),
        (pa.array([b"7", b"\xff", b"x", None]), [7, None], [1, 2]),
        (pa.array([b"7", b"\xff", b"x", None]).view(pa.string()), [7, None], [1, 2]),
    ],
)
def test_what_is_not_of_a_given_kind_is_bad_and_the_rest_exact(array, expected, bad):
    assert typed(array, Kind.INT) == (expected, dict.fromkeys(bad, NOT_INT))


@pytest.mark.parametrize("of", [pa.int32(), pa.float64(), pa.string(), pa.null()])
def test_a_null_inside_of_a_list_is_bad(of):
    value = {"int32": 1, "double": 1.0, "string": "x"}.get(str(of))
    array = pa.array([[], [None], None, [value] if value else []], pa.list_(of))
    kind = {"string": Kind.BYTES, "double": Kind.FLOAT}.get(str(of), Kind.INT)
    values, reasons = typed(array, least=kind)
    held = None if value is None else [value.encode() if isinstance(value, str) else value]
    assert values == [[], None, held or []]
    assert reasons == {1: "a has a null inside of a list"}


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["x", None], pa.string_view()), [b"x", None]),
        (pa.array([b"\xff"], pa.binary_view()), [b"\xff"]),
        (pa.array([[1, 2], None], pa.list_view(pa.int8())), [[1, 2], None]),
        (pa.array([["x"]], pa.list_(pa.dictionary(pa.int32(), pa.string()))), [[b"x"]]),
        (pa.array([["x"]], pa.list_(pa.string_view())), [[b"x"]]),
        (pa.array(["x", "x", None]).dictionary_encode(), [b"x", b"x", None]),
        (pa.RunEndEncodedArray.from_arrays(pa.array([2, 3]), pa.array([4, 5])), [4, 4, 5]),
        (
            pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"u" * 16], pa.binary(16))),
            [b"u" * 16],
        ),
        (pa.array([[1, 2], None], pa.list_(pa.int64(), 2)), [[1, 2], None]),
        (pa.array([True, None]), [1, None]),
        (pa.array([1.5], pa.float64()), [1.5]),
    ],
)
def test_every_layout_of_the_same_values(array, expected):
    assert typed(array) == (expected, {})


@pytest.mark.parametrize(
    "of",
    [
        pa.map_(pa.string(), pa.int64()),
        pa.list_(pa.list_(pa.int64())),
        pa.list_(pa.struct([("b", pa.int64())])),
        pa.month_day_nano_interval(),
    ],
)
def test_types_that_no_feature_holds_are_refused_by_name_and_file(of):
    with pytest.raises(HeadraceError, match="column 'a' of f is of type"):
        kind_of("a", of, "f")


@pytest.mark.parametrize(
    "table",
    [
        pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]),
        pa.table({"o.a": [1], "o": [{"a": 2}]}),
    ],
)
def test_two_columns_of_one_name_are_refused(table):
    with pytest.raises(HeadraceError, match=r"f has more than one column named '(o.)?a'"):
        flattened(table, "f")


def test_numbers_here_and_texts_there_are_told_with_the_place():
    with pytest.raises(HeadraceError, match=r"'a' has both .* INT in f, elsewhere BYTES"):
        typed(pa.array([1]), least=Kind.BYTES)
