"""Trainer's input, its networks and the trivial predictions, each alone."""

import functools
import random
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tfx import v1 as tfx
from tfx_bsl.public import tfxio

from pipelines import reading
from pipelines.flights import features, yardsticks
from pipelines.flights.model import index_sizes
from pipelines.flights.networks import NETWORKS
from pipelines.reading import Examples


def accessor() -> tfx.components.DataAccessor:
    def factory(files, options, schema):
        source = tfxio.TFExampleRecord(
            files, validate=False, schema=schema, telemetry_descriptors=["test"]
        )
        return source.TensorFlowDataset(options)

    return tfx.components.DataAccessor(
        tf_dataset_factory=factory, record_batch_factory=None, data_view_decode_fn=None
    )


def write(path: Path, rows: list[dict[str, float]], schema) -> str:
    kinds = {feature.name: feature.type for feature in schema.feature}
    with tf.io.TFRecordWriter(str(path)) as file:
        for row in rows:
            made = tf.train.Example()
            for name, value in row.items():
                feature = made.features.feature[name]
                values = feature.float_list if kinds[name] == 3 else feature.int64_list
                values.value.append(value)
            file.write(made.SerializeToString())
    return str(path)


@pytest.fixture(scope="module")
def rows(transform) -> list[dict[str, float]]:
    chance = random.Random(1)
    names = [feature.name for feature in transform.transformed_metadata.schema.feature]
    return [{name: chance.randrange(2) for name in names} | {"distance_xf": i} for i in range(50)]


def test_a_split_is_read_in_an_order_that_depends_on_its_rows_alone(transform, rows, tmp_path):
    schema = transform.transformed_metadata.schema
    shuffled = random.Random(2).sample(rows, len(rows))
    read = functools.partial(
        reading.read, accessor=accessor(), transform=transform, label="late_xf"
    )
    one = read([write(tmp_path / "a", rows, schema)])
    two = read(
        [write(tmp_path / "b", shuffled[:9], schema), write(tmp_path / "c", shuffled[9:], schema)]
    )
    assert len(one) == 50
    assert set(one.columns) == set(rows[0]) - {"late_xf"}
    assert np.array_equal(one.labels, two.labels)
    for name in one.columns:
        assert one.columns[name].shape == (50, 1)
        assert np.array_equal(one.columns[name], two.columns[name])
    late = {row["distance_xf"]: row["late_xf"] for row in rows}
    distances, labels = one.columns["distance_xf"][:, 0], one.labels[:, 0]
    assert dict(zip(distances.tolist(), labels.tolist(), strict=True)) == late


def test_the_order_does_not_depend_on_the_last_bits_of_a_number(transform, rows, tmp_path):
    schema = transform.transformed_metadata.schema
    read = functools.partial(
        reading.read, accessor=accessor(), transform=transform, label="late_xf"
    )
    alike = [row | {"distance_xf": 0.5, "departure_minute_xf": i} for i, row in enumerate(rows)]
    noisy = [row | {"distance_xf": 0.5 + (i % 7) * 1e-7} for i, row in enumerate(alike)]
    one = read([write(tmp_path / "alike", alike, schema)])
    two = read([write(tmp_path / "noisy", noisy, schema)])
    assert len(np.unique(two.columns["distance_xf"])) > 1
    minutes = [each.columns["departure_minute_xf"] for each in (one, two)]
    assert np.array_equal(*minutes)
    assert np.array_equal(one.labels, two.labels)


def test_a_split_without_rows_is_an_error(transform, tmp_path):
    path = write(tmp_path / "empty", [], transform.transformed_metadata.schema)
    with pytest.raises(ValueError, match="no rows"):
        reading.read([path], accessor(), transform, "late_xf")


def examples(count: int) -> Examples:
    number = np.arange(count).reshape(-1, 1)
    return Examples({"a": number, "b": 2 * number}, number % 2)


def epochs(dataset: tf.data.Dataset, count: int) -> list[list[int]]:
    return [
        [row for columns, _ in dataset.as_numpy_iterator() for row in columns["a"][:, 0].tolist()]
        for _ in range(count)
    ]


def test_each_epoch_has_every_row_once_in_another_order_that_the_seed_gives():
    first, second = epochs(reading.dataset(examples(100), 8, seed=1), 2)
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second
    assert epochs(reading.dataset(examples(100), 8, seed=1), 2) == [first, second]
    assert epochs(reading.dataset(examples(100), 8, seed=3), 1) != [first]


def test_without_a_seed_rows_keep_their_order_and_stay_with_their_labels():
    batches = list(reading.dataset(examples(20), 8).as_numpy_iterator())
    assert [len(labels) for _, labels in batches] == [8, 8, 4]
    for columns, labels in batches:
        assert (columns["b"] == 2 * columns["a"]).all()
        assert (labels == columns["a"] % 2).all()
    assert epochs(reading.dataset(examples(20), 8), 1) == [list(range(20))]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_takes_every_index_and_starts_near_the_base_rate(network, transform):
    keras.utils.set_random_seed(1)  # of logistic regression, chance alone can be far from it
    sizes = index_sizes(transform)
    model = NETWORKS[network](sizes, bias=-1.1)
    edges = {name: [[0], [size - 1]] for name, size in sizes.items()}
    columns = {**edges, **{name: [[0.0], [0.0]] for name in features.SCALED}}
    probabilities = model(
        {features.transformed(name): tf.constant(column) for name, column in columns.items()}
    ).numpy()
    assert probabilities.shape == (2, 1)
    assert probabilities == pytest.approx(0.25, abs=0.15)


def test_the_small_network_is_ten_units_and_one(transform):
    model = NETWORKS["small"](index_sizes(transform), bias=0.0)
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [10, 1]


def test_logistic_regression_is_one_unit_alone(transform):
    model = NETWORKS["logistic"](index_sizes(transform), bias=0.0)
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [1]


def test_lateness_by_carrier_and_hour_is_drawn_to_the_base_rate():
    columns = {"carrier_xf": [[0]] * 80 + [[1]] * 20, "hour_xf": [[7]] * 80 + [[8]] * 20}
    labels = np.array([[1]] * 40 + [[0]] * 60)
    found = yardsticks.measure(
        Examples({name: np.array(column) for name, column in columns.items()}, labels), carriers=3
    )
    assert found.base_rate == pytest.approx(0.4)
    assert found.carrier_and_hour.shape == (3, 25)
    assert found.carrier_and_hour[0, 7] == pytest.approx((40 + 20 * 0.4) / 100)
    assert found.carrier_and_hour[1, 8] == pytest.approx(20 * 0.4 / 40)
    assert found.carrier_and_hour[2, 0] == pytest.approx(0.4)
