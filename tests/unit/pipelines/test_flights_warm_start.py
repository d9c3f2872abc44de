from pathlib import Path

import keras
import numpy as np
import pytest

from pipelines.flights import warm_start
from pipelines.flights.warm_start import Layout


def table(sizes: dict[str, int], seed: int) -> keras.Model:
    """A network with one table of all features' rows, and a layer behind it."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((len(sizes),), dtype="int64")
    embedded = keras.layers.Flatten()(keras.layers.Embedding(sum(sizes.values()), 2)(inputs))
    return keras.Model(inputs, keras.layers.Dense(1)(embedded))


def layout(terms: list[str], network: str = "wide") -> Layout:
    return Layout(network, {"carrier": len(terms) + 1, "month": 3}, {"carrier": terms})


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, list[np.ndarray]]:
    before = layout(["UA", "AA"])
    model = table(dict(before.sizes), 1)
    warm_start.save(model, before, str(tmp_path))
    return tmp_path, model.get_weights()


def test_the_same_layout_begins_with_the_very_weights(saved) -> None:
    directory, weights = saved
    model = table({"carrier": 3, "month": 3}, 2)
    assert "Warm start: 6 of 6 rows" in warm_start.begin_with(
        model, layout(["UA", "AA"]), str(directory)
    )
    for old, new in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_rows_go_by_what_they_are_for_and_a_new_value_has_a_fresh_one(saved) -> None:
    directory, weights = saved
    model = table({"carrier": 4, "month": 3}, 2)
    fresh = model.get_weights()[0]
    said = warm_start.begin_with(model, layout(["AA", "B6", "UA"]), str(directory))
    assert "Warm start: 6 of 7 rows" in said
    rows = model.get_weights()[0]
    np.testing.assert_array_equal(rows[0], weights[0][1])  # AA
    np.testing.assert_array_equal(rows[1], fresh[1])  # B6
    np.testing.assert_array_equal(rows[2], weights[0][0])  # UA
    np.testing.assert_array_equal(rows[3:], weights[0][2:])  # unknown carriers, and months
    np.testing.assert_array_equal(model.get_weights()[1], weights[1])


def test_another_network_and_none_at_all_are_cold_starts(saved, tmp_path: Path) -> None:
    directory, _ = saved
    model = table({"carrier": 3, "month": 3}, 2)
    fresh = model.get_weights()
    for place, network in ((directory, "small"), (tmp_path / "nowhere", "wide")):
        said = warm_start.begin_with(model, layout(["UA", "AA"], network), str(place))
        assert said.startswith("Cold start")
    for old, new in zip(fresh, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_network_without_a_table_needs_the_same_vocabularies(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    warm_start.save(model, layout(["UA", "AA"]), str(tmp_path))
    assert "Warm" in warm_start.begin_with(model, layout(["UA", "AA"]), str(tmp_path))
    assert "other vocabularies" in warm_start.begin_with(model, layout(["AA", "UA"]), str(tmp_path))
