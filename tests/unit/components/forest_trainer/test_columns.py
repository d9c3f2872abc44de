import numpy as np
import pyarrow as pa
import pytest

from headrace.components.forest_trainer.columns import Categories, Gathering, Numbers, own_order
from headrace.components.forest_trainer.fields import Kind
from headrace.errors import HeadraceError


def gathered(kind, *batches):
    gathering = Gathering("f", kind)
    for batch in batches:
        array = pa.array(batch)
        gathering.add(array, len(batch))
    return gathering.column()


def test_numbers_that_are_missing_are_nan() -> None:
    column = gathered(Kind.NUMBER, [[1.5], None], [[], [2.0]])
    assert column.values.dtype == np.float32
    np.testing.assert_array_equal(column.values, [1.5, np.nan, np.nan, 2.0])


def test_a_batch_without_any_value_is_missing_throughout() -> None:
    column = gathered(Kind.NUMBER, [None, None], [[1.0]])
    np.testing.assert_array_equal(column.values, [np.nan, np.nan, 1.0])
    gathering = Gathering("f", Kind.NUMBER)
    gathering.add(None, 2)
    assert np.isnan(gathering.column().values).all()


def test_several_numbers_a_row_are_a_matrix() -> None:
    column = gathered(Kind.NUMBER, [[1.0, 2.0], None, [3.0, 4.0]])
    np.testing.assert_array_equal(column.values, [[1, 2], [np.nan, np.nan], [3, 4]])


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(HeadraceError, match="'f' has from 1 to 2 values a row"):
        gathered(Kind.NUMBER, [[1.0, 2.0], [3.0]])
    with pytest.raises(HeadraceError, match="'f' has 2 names a row"):
        gathered(Kind.CATEGORY, [[b"a", b"b"]])


def test_names_are_the_same_over_batches_with_other_dictionaries() -> None:
    column = gathered(Kind.CATEGORY, [[b"b"], [b"a"]], [None, [b"a"], [b"c"]])
    assert column.for_ydf().tolist() == [b"b", b"a", b"", b"a", b"c"]


def test_whole_numbers_can_be_names() -> None:
    assert gathered(Kind.CATEGORY, [[12], None, [7]]).for_ydf().tolist() == [b"12", b"", b"7"]


def table(seed):
    chance = np.random.default_rng(seed)
    x = np.float32(chance.normal(size=200))
    x[::9] = np.nan
    names = [b"a", b"b", b"c"]
    columns = {
        "x": Numbers(x),
        "m": Numbers(np.float32(chance.integers(3, size=(200, 2)))),
        "c": Categories(chance.integers(-1, 3, 200).astype(np.int32), names),
    }
    return columns


def as_rows(columns):
    return [
        (*row[0].tobytes(), *row[1].tolist(), row[2])
        for row in zip(
            columns["x"].values, columns["m"].values, columns["c"].for_ydf(), strict=True
        )
    ]


def test_the_order_of_rows_is_their_own() -> None:
    one = table(1)
    shuffled = np.random.default_rng(2).permutation(200)
    two = {name: column.take(shuffled) for name, column in one.items()}
    # Codes depend on which name came first.
    two["c"] = Categories(np.array([2, 0, 1, -1], np.int32)[two["c"].codes], [b"b", b"c", b"a"])
    ordered = [
        as_rows({name: column.take(own_order(columns)) for name, column in columns.items()})
        for columns in (one, two)
    ]
    assert ordered[0] == ordered[1]
    assert ordered[0] != as_rows(one)


def test_noise_in_the_last_bits_changes_no_order() -> None:
    one = table(3)
    noisy = {**one, "x": Numbers(one["x"].values * np.float32(1 + 1e-7))}
    assert (own_order(one) == own_order(noisy)).all()
