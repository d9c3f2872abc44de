"""The columns, what each is used for, and what becomes of them in Transform."""

LABEL = "late"
LATE_MINUTES = 15
"""A flight that arrives so many minutes after its scheduled time, or more, is late."""

DAY = "date"
"""The day of departure. Whole days are held out for evaluation; the model does not see it."""

SCHEDULE = ("year", "month", "day", "sched_dep_time", "sched_arr_time")
CATEGORICAL = ("carrier", "origin", "dest")
NUMERIC = ("distance",)
USED = (*SCHEDULE, *CATEGORICAL, "flight", *NUMERIC)

# Known before departure, but of no use to the model (README.md says why).
UNUSED = ("tailnum",)
# Another writing of sched_dep_time, and of the date with it.
REDUNDANT = ("hour", "minute", "time_hour")
# Known only after departure. They are not in the prepared data, so no later change can use them.
LEAKS = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")
