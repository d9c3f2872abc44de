"""The columns, what each is used for, and what becomes of them in Transform."""

LABEL = "late"
LATE_MINUTES = 15
"""A flight that arrives so many minutes after its scheduled time, or more, is late."""

DAY = "date"
"""The day of departure. Whole days are held out for evaluation; the model does not see it."""

SCHEDULE = ("year", "month", "day", "sched_dep_time", "sched_arr_time")
CATEGORICAL = ("carrier", "origin", "dest")
USED = (*SCHEDULE, *CATEGORICAL, "flight", "distance")
NUMBERS = (*SCHEDULE, "flight", "distance")

# Known before departure, but of no use to the model (README.md says why).
UNUSED = ("tailnum",)
# Another writing of sched_dep_time, and of the date with it.
REDUNDANT = ("hour", "minute", "time_hour")
# Known only after departure. They are not in the prepared data, so no later change can use them.
LEAKS = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")

# What Transform makes of them.
SCALED = ("departure_minute", "scheduled_minutes", "distance")
"""Floats of mean 0 and deviation 1; a missing one is 0."""

BUCKETS = 10
BUCKETED = ("scheduled_minutes_bucket", "distance_bucket")
"""Quantile buckets, and one more for a missing number."""

CALENDAR = {"month": 13, "weekday": 8, "hour": 25}
"""Whole numbers, with how many there are; the last is for missing or impossible ones."""

CROSSES = {
    ("origin", "dest"): 1_000,
    ("carrier", "origin"): 200,
    ("carrier", "dest"): 2_000,
    ("carrier", "flight"): 10_000,
    ("carrier", "hour"): 1_000,
    ("origin", "hour"): 200,
    ("weekday", "hour"): 500,
}
"""Pairs of values that are hashed as one, with the number of buckets: about twice that of pairs."""

MISSING_CATEGORY = "unknown"


def transformed(name: str) -> str:
    """Name of a feature after Transform."""
    return f"{name}_xf"


def crossed(pair: tuple[str, str]) -> str:
    """Name of a pair of values, before ``transformed``."""
    return "_by_".join(pair)
