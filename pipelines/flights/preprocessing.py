"""Transform: times read, numbers scaled and bucketed, categories indexed, pairs hashed."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_transform as tft

from pipelines.flights import features

DAY_MINUTES = 24 * 60


def preprocessing_fn(inputs: dict[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """Return columns of shape [batch, 1], and the label where there is one.

    A missing or impossible value has an index of its own; a category that is not in the training
    split has the index after the last.
    """
    raw = {name: _number(inputs[name]) for name in features.NUMBERS}
    departure = _minute_of_day(raw["sched_dep_time"])
    numbers = {
        "departure_minute": departure,
        # Both in local time: what the time zones add is the same for all flights of a route.
        "scheduled_minutes": tf.math.floormod(
            _minute_of_day(raw["sched_arr_time"]) - departure, DAY_MINUTES
        ),
        "distance": tf.math.log1p(raw["distance"]),
    }
    calendar = {
        "month": _index(raw["month"] - 1, features.CALENDAR["month"]),
        "weekday": _index(
            _weekday(raw["year"], raw["month"], raw["day"]), features.CALENDAR["weekday"]
        ),
        "hour": _index(tf.floor(departure / 60), features.CALENDAR["hour"]),
    }
    categories = {name: _category(inputs[name]) for name in features.CATEGORICAL}
    texts = {
        **categories,
        **{name: tf.strings.as_string(index) for name, index in calendar.items()},
        "flight": tf.strings.as_string(_index(raw["flight"], 1 << 24)),
    }

    outputs: dict[str, tf.Tensor] = dict(calendar)
    for name in features.SCALED:
        scaled = tft.scale_to_z_score(numbers[name])  # which passes over missing numbers
        outputs[name] = tf.where(tf.math.is_nan(scaled), tf.zeros_like(scaled), scaled)
    # Of the distance itself: TensorFlow's log1p has other last bits in a batch than for one row,
    # so a server would put a distance that is a bucket's bound into the bucket below.
    bucketed = {**numbers, "distance": raw["distance"]}
    for name in features.BUCKETED:
        outputs[name] = _bucket(bucketed[name.removesuffix("_bucket")])
    for name, category in categories.items():
        outputs[name] = tft.compute_and_apply_vocabulary(
            category, vocab_filename=name, num_oov_buckets=1
        )
    for pair, buckets in features.CROSSES.items():
        text = tf.strings.join([texts[part] for part in pair], separator="|")
        outputs[features.crossed(pair)] = tft.hash_strings(text, buckets)
    outputs[features.LABEL] = _dense(inputs[features.LABEL], 0)
    return {features.transformed(name): column for name, column in outputs.items()}


def _dense(column: tf.SparseTensor, default: int | str) -> tf.Tensor:
    """A column of shape [batch, 1] with ``default`` for missing values."""
    if not isinstance(column, tf.SparseTensor):
        return column
    shaped = tf.SparseTensor(column.indices, column.values, [column.dense_shape[0], 1])
    return tf.sparse.to_dense(shaped, default_value=default)


def _number(column: tf.SparseTensor) -> tf.Tensor:
    """A column of floats in which a missing number is NaN."""
    shaped = tf.SparseTensor(
        column.indices, tf.cast(column.values, tf.float32), [column.dense_shape[0], 1]
    )
    return tf.sparse.to_dense(shaped, default_value=float("nan"))


def _category(column: tf.SparseTensor) -> tf.Tensor:
    return _dense(column, features.MISSING_CATEGORY)


def _index(number: tf.Tensor, size: int) -> tf.Tensor:
    """Whole numbers from 0 to ``size - 2``; what is none of them becomes ``size - 1``."""
    known = (number >= 0) & (number <= size - 2)  # False for NaN
    return tf.where(known, tf.cast(tf.where(known, number, 0.0), tf.int64), size - 1)


def _minute_of_day(time: tf.Tensor) -> tf.Tensor:
    """1:05 pm is written 1305; an impossible time is NaN, and 2400 is midnight."""
    hour, minute = tf.floor(time / 100), tf.math.floormod(time, 100.0)
    known = (time >= 0) & (time <= 2400) & (minute < 60)
    minutes = tf.math.floormod(60 * hour + minute, DAY_MINUTES)
    return tf.where(known, minutes, float("nan"))


def _weekday(year: tf.Tensor, month: tf.Tensor, day: tf.Tensor) -> tf.Tensor:
    """Monday is 0: Zeller's congruence, in the Gregorian calendar."""
    late = tf.where(month < 3, 12.0, 0.0)  # January and February end the year before
    month, year = month + late, year - late / 12
    leaps = tf.floor(year / 4) - tf.floor(year / 100) + tf.floor(year / 400)
    return tf.math.floormod(day + tf.floor(13 * (month + 1) / 5) + year + leaps - 2, 7.0)


def _bucket(number: tf.Tensor) -> tf.Tensor:
    missing = tf.math.is_nan(number)
    bucket = tft.bucketize(number, features.BUCKETS)
    return tf.where(missing, tf.cast(features.BUCKETS, tf.int64), bucket)
