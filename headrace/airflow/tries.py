"""What Airflow's counts of a task's tries tell of them."""

from __future__ import annotations

from typing import Any


def has_another_try(instance: Any) -> bool:
    """Whether Airflow will run the task again if this try's process dies."""
    return bool(instance.try_number <= _most(instance))


def tries_before_clear(instance: Any, retries: int) -> int:
    """The last try before the task was cleared; 0 where it was not.

    Clearing gives a task its retries anew, after the tries that it has had: Airflow adds these to
    its ``max_tries`` (``clear_task_instances``), which another retry leaves as it is.
    """
    return max(0, _most(instance) - retries)


def _most(instance: Any) -> int:
    return getattr(instance, "max_tries", 0) or 0
