"""Against the rules by which CsvExampleGen infers and converts."""

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tfx_bsl.coders import csv_decoder

from headrace.components.columnar_example_gen import cells
from headrace.components.columnar_example_gen.kinds import Kind

TFX_KINDS = {
    csv_decoder.ColumnType.UNKNOWN: Kind.UNKNOWN,
    csv_decoder.ColumnType.INT: Kind.INT,
    csv_decoder.ColumnType.FLOAT: Kind.FLOAT,
    csv_decoder.ColumnType.STRING: Kind.BYTES,
}
ODD = ["1", "-7", "+5", " 8 ", "1_000", "_1", "0x1F", "0X1f", "007", "1e5", "1.", ".5", "nan"]
ODD += ["-Infinity", "nan(1)", "1e400", "9223372036854775807", "9223372036854775808", "\t2\n"]
ODD += ["123456789012345678901234567890", "1_0.5", "0.12345678901234567890", "x", "1 2", "٣", "é"]
CELLS = st.sampled_from(ODD) | st.text("0123456789+-._eExnaif( \t", max_size=6)
CELLS |= st.integers().map(str) | st.floats().map(str)


def as_array(texts):
    return pa.array([text or None for text in texts], pa.string())


def inferred(texts):
    combiner = csv_decoder.ColumnTypeInferrer(["a"], skip_blank_lines=True)
    state = combiner.create_accumulator()
    for text in texts:
        state = combiner.add_input(state, [text.encode()])
    return TFX_KINDS[combiner.extract_output(state)[0].type]


def same(left, right):
    if left is None or right is None:
        return left is right
    return left == right or (math.isnan(left) and math.isnan(right))


@settings(max_examples=400, deadline=None)
@given(st.lists(CELLS | st.just(""), max_size=8))
def test_kinds_and_values_are_those_of_csv_example_gen(texts):
    kind, values = cells.observe(as_array(texts), Kind.UNKNOWN)
    assert kind is inferred(texts)
    if kind is Kind.INT:
        assert values.to_pylist() == [int(text.encode()) if text else None for text in texts]
    if kind is Kind.FLOAT:
        expected = [float(text.encode()) if text else None for text in texts]
        narrow = pa.array(expected, pa.float64()).cast(pa.float32(), safe=False).to_pylist()
        assert all(map(same, values.to_pylist(), narrow))


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, max_size=8), st.sampled_from(Kind))
def test_a_kind_is_never_less_than_the_least(texts, least):
    kind, _ = cells.observe(as_array(texts), least)
    assert kind is max(least, inferred(texts))


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS | st.just(""), max_size=8), st.sampled_from([Kind.INT, Kind.FLOAT]))
def test_cells_that_are_not_of_a_given_kind_are_marked(texts, kind):
    values, bad = cells.convert(as_array(texts), kind)
    convert = int if kind is Kind.INT else float
    for place, text in enumerate(texts):
        try:
            number = convert(text.encode())
            fits = kind is Kind.FLOAT or -(2**63) <= number < 2**63
        except ValueError:
            fits = not text
        assert (bad is not None and bool(bad[place])) is not fits
        assert (values[place].as_py() is None) is (not text or not fits)


def test_a_late_cell_decides_a_long_column():
    texts = ["1"] * 5000 + ["x"]
    assert cells.observe(as_array(texts), Kind.UNKNOWN)[0] is Kind.BYTES
    kind, values = cells.observe(as_array(["1"] * 5000 + ["+2"]), Kind.UNKNOWN)
    assert (kind, values[5000].as_py()) == (Kind.INT, 2)


@pytest.mark.parametrize("least", list(Kind))
def test_a_column_without_values_stays_what_it_was(least):
    kind, values = cells.observe(as_array(["", ""]), least)
    assert (kind, values.null_count) == (least, 2)
