"""How many slots and harnesses a job deserves, from the size of what it reads."""

from __future__ import annotations

import math
from dataclasses import dataclass

BYTES_A_SLOT = 8 << 20
"""Python works through about a megabyte a second of encoded examples. Every further slot costs a
job seconds: a harness of its own, and shuffles between the slots. Below this it does not pay."""


@dataclass(frozen=True)
class Shape:
    """What a job asks for.

    Attributes:
        parallelism: slots.
        harnesses: SDK harnesses of each TaskManager. With one, Beam's default, all of its slots
            share one Python process, and so one processor.
    """

    parallelism: int
    harnesses: int


def shape_of(input_bytes: int | None, slots: int, task_managers: int) -> Shape:
    """The shape for a job on an empty cluster.

    Args:
        input_bytes: None where it is not known; then the job gets every slot.
    """
    wanted = slots if input_bytes is None else math.ceil(input_bytes / BYTES_A_SLOT)
    return with_harnesses(max(1, min(wanted, slots)), task_managers)


def with_harnesses(parallelism: int, task_managers: int) -> Shape:
    """The shape with this parallelism: a harness for each slot."""
    return Shape(parallelism, math.ceil(parallelism / max(1, task_managers)))
