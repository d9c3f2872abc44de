"""Against protocol buffers' own serialization."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.components.columnar_example_gen.encoding import (
    Column,
    encode_examples,
    encode_feature,
)
from headrace.components.columnar_example_gen.kinds import Kind

INTS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(width=32)
TEXTS = st.binary(max_size=300)
FIELDS = {Kind.INT: "int64_list", Kind.FLOAT: "float_list", Kind.BYTES: "bytes_list"}
VALUES = {Kind.INT: INTS, Kind.FLOAT: FLOATS, Kind.BYTES: TEXTS}


def expected(columns, row):
    example = tf.train.Example()
    example.features.SetInParent()
    for name, kind, values, null_has_kind in columns:
        feature = example.features.feature[name]
        value = values[row]
        if kind is Kind.UNKNOWN or (value is None and not null_has_kind):
            continue
        target = getattr(feature, FIELDS[kind])
        target.SetInParent()
        if value is not None:
            target.value.extend(value if isinstance(value, list) else [value])
    return example.SerializeToString(deterministic=True)


def column_of(name, kind, values, null_has_kind):
    kind_of_value = {Kind.BYTES: pa.binary()}.get(kind, kind.arrow)
    is_list = any(isinstance(value, list) for value in values)
    array = pa.array(values, pa.list_(kind_of_value) if is_list else kind_of_value)
    return Column(name, kind, array, null_has_kind)


@st.composite
def batches(draw):
    rows = draw(st.integers(0, 20))
    names = draw(st.lists(st.text(max_size=200), unique=True, max_size=4))
    columns = []
    for name in names:
        kind = draw(st.sampled_from(Kind))
        one = st.none() if kind is Kind.UNKNOWN else VALUES[kind]
        if kind is not Kind.UNKNOWN and draw(st.booleans()):
            one = st.lists(one, max_size=4)
        values = draw(st.lists(st.none() | one, min_size=rows, max_size=rows))
        columns.append((name, kind, values, draw(st.booleans())))
    return rows, columns


@settings(max_examples=200, deadline=None)
@given(batches())
def test_the_bytes_are_those_of_deterministic_serialization(batch):
    rows, columns = batch
    encoded = encode_examples([column_of(*column) for column in columns], rows)
    assert encoded.to_pylist() == [expected(columns, row) for row in range(rows)]


@pytest.mark.parametrize("kind", list(FIELDS))
def test_a_feature_by_itself(kind):
    values = {
        Kind.INT: [1, None, -1, 300, 2**62],
        Kind.FLOAT: [0.5, None, 2.0, float("inf"), 0.0],
        Kind.BYTES: [b"x", None, b"", b"y" * 200, b"z"],
    }[kind]
    encoded = encode_feature(column_of("a", kind, values, True))
    for value, found in zip(values, encoded.to_pylist(), strict=True):
        feature = tf.train.Feature()
        getattr(feature, FIELDS[kind]).SetInParent()
        if value is not None:
            getattr(feature, FIELDS[kind]).value.append(value)
        assert found == feature.SerializeToString(deterministic=True)


def test_slices_of_columns_are_encoded_from_their_own_rows():
    columns = [
        Column("i", Kind.INT, pa.array([1, None, 300, 4])),
        Column("f", Kind.FLOAT, pa.array([1, 2, None, 4], pa.float32())),
        Column("b", Kind.BYTES, pa.array(["a", "bb", None, "dddd"])),
        Column("l", Kind.BYTES, pa.array([["a"], ["b", "cc"], None, []])),
    ]
    whole = encode_examples(columns, 4).to_pylist()
    sliced = [Column(one.name, one.kind, one.values.slice(1, 2)) for one in columns]
    assert encode_examples(sliced, 2).to_pylist() == whole[1:3]


def test_values_of_very_different_lengths():
    texts = ["x" * length for length in (0, 1, 127, 128, 16384, 3_000_000)]
    encoded = encode_examples([Column("t", Kind.BYTES, pa.array(texts))], len(texts))
    decoded = [tf.train.Example.FromString(row) for row in encoded.to_pylist()]
    found = [row.features.feature["t"].bytes_list.value[0].decode() for row in decoded]
    assert found == texts


def test_a_null_inside_of_a_list_is_refused():
    column = Column("a", Kind.INT, pa.array([[1, None]]))
    with pytest.raises(ValueError, match="'a' has a null inside of a list"):
        encode_examples([column], 1)


def test_every_length_of_a_variable_length_integer():
    numbers = np.array([0, *(1 << shift for shift in range(63)), -1, -(2**63)], np.int64)
    encoded = encode_examples([Column("a", Kind.INT, pa.array(numbers))], len(numbers))
    found = [tf.train.Example.FromString(row) for row in encoded.to_pylist()]
    assert [row.features.feature["a"].int64_list.value[0] for row in found] == numbers.tolist()
