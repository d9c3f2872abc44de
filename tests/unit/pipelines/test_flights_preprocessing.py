import datetime

import numpy as np
import pytest
import tensorflow as tf

from pipelines.flights import features, preprocessing
from pipelines.flights.model import index_sizes

FLIGHT = {
    "year": 2013,
    "month": 7,
    "day": 4,
    "sched_dep_time": 1305,
    "sched_arr_time": 1500,
    "carrier": "UA",
    "flight": 1545,
    "origin": "EWR",
    "dest": "IAH",
    "distance": 1400,
    "late": 1,
}


def example(row: dict[str, int | str]) -> bytes:
    made = tf.train.Example()
    for name, value in row.items():
        if isinstance(value, str):
            made.features.feature[name].bytes_list.value.append(value.encode())
        else:
            made.features.feature[name].int64_list.value.append(value)
    return made.SerializeToString()


@pytest.fixture(scope="module")
def apply(transform):
    spec = transform.raw_feature_spec()
    layer = transform.transform_features_layer()

    def call(*rows: dict[str, int | str]) -> dict[str, np.ndarray]:
        raw = tf.io.parse_example([example(row) for row in rows], spec)
        return {name.removesuffix("_xf"): column.numpy() for name, column in layer(raw).items()}

    return call


def without(*names: str) -> dict[str, int | str]:
    return {name: value for name, value in FLIGHT.items() if name not in names}


def test_every_output_is_one_value_a_row_and_every_index_is_in_range(apply, transform, flights):
    made = apply(*flights)
    sizes = index_sizes(transform)
    assert set(made) == {*features.SCALED, *sizes, features.LABEL}
    for name, column in made.items():
        assert column.shape == (len(flights), 1)
        assert np.isfinite(column).all()
        if name in sizes:
            assert column.min() >= 0
            assert column.max() < sizes[name]
    for name in features.SCALED:
        assert made[name].mean() == pytest.approx(0, abs=1e-4)
        assert made[name].std() == pytest.approx(1, abs=1e-3)
    assert made["late"][:, 0].tolist() == [row["late"] for row in flights]


def test_the_calendar_is_read_from_the_schedule(apply):
    made = apply(FLIGHT)
    assert (made["month"], made["hour"]) == (6, 13)
    assert made["weekday"] == datetime.date(2013, 7, 4).weekday() == 3


def test_weekdays_are_those_of_the_calendar():
    first = datetime.date(1999, 12, 1)
    days = [first + datetime.timedelta(days=step) for step in range(0, 10_000, 13)]
    parts = [
        tf.constant([getattr(day, part) for day in days], tf.float32)
        for part in ("year", "month", "day")
    ]
    found = preprocessing._weekday(*parts).numpy().tolist()
    assert found == [day.weekday() for day in days]


def test_times_are_minutes_and_impossible_ones_are_not_numbers():
    times = tf.constant([0, 5, 1305, 2359, 2400, 1275, 2401, -1, float("nan")], tf.float32)
    minutes = preprocessing._minute_of_day(times).numpy()
    assert minutes[:5].tolist() == [0, 5, 785, 1439, 0]
    assert np.isnan(minutes[5:]).all()


def test_a_flight_that_arrives_after_midnight_takes_no_longer_for_it(apply):
    made = apply(
        {**FLIGHT, "sched_dep_time": 1000, "sched_arr_time": 1230},
        {**FLIGHT, "sched_dep_time": 2300, "sched_arr_time": 130},
    )
    assert made["scheduled_minutes"][0] == made["scheduled_minutes"][1]


def test_a_flight_of_which_nothing_is_known_is_the_mean_of_unknowns(apply, transform):
    made = apply({"late": 0})
    assert [made[name].item() for name in features.SCALED] == [0, 0, 0]
    assert [made[name].item() for name in features.BUCKETED] == [features.BUCKETS] * 2
    assert [made[name].item() for name in features.CALENDAR] == [12, 7, 24]
    for name in features.CATEGORICAL:
        assert made[name].item() == transform.vocabulary_size_by_name(name)


@pytest.mark.parametrize("name", features.USED)
def test_each_column_may_be_missing(apply, transform, name):
    sizes = index_sizes(transform)
    for output, column in apply(without(name)).items():
        assert np.isfinite(column).all()
        assert column.item() < sizes.get(output, np.inf)


def test_an_unknown_carrier_airport_or_flight_has_the_index_after_the_last(apply, transform):
    made = apply({**FLIGHT, "carrier": "ZZ", "dest": "XXX", "origin": "HPN", "flight": 9998})
    for name in features.CATEGORICAL:
        assert made[name].item() == transform.vocabulary_size_by_name(name)


def test_an_impossible_month_or_time_is_an_unknown_one(apply):
    made = apply({**FLIGHT, "month": 13, "sched_dep_time": 2575})
    assert (made["month"], made["hour"]) == (12, 24)


def test_the_day_of_departure_and_the_aircraft_are_not_seen(apply):
    plain = apply(FLIGHT)
    more = apply({**FLIGHT, "date": "2013-07-04", "tailnum": "N14228"})
    assert {name: column.item() for name, column in plain.items()} == {
        name: column.item() for name, column in more.items()
    }
