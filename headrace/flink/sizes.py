"""How much of the machine's memory and processors each of the cluster's processes gets."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from headrace.errors import UsageError
from headrace.settings.flink import FlinkSettings

_MIB = 1 << 20
_GIB = 1 << 30

_JOB_MANAGER = (1 * _GIB, 2 * _GIB)
"""Least and most. It translates Beam pipelines to job graphs, so it needs more than a plain one."""
_TASK_MANAGER_BASE = (1536 * _MIB, 2 * _GIB)
_TASK_MANAGER_SLOT = (256 * _MIB, 1536 * _MIB)
"""What a slot adds: network buffers, memory to sort and join in, and what goes to its harness."""
_NETWORK_BASE = 512 * _MIB
_NETWORK_SLOT = 128 * _MIB
"""768 MiB with two slots carry TFX's Transform, which has many shuffles open at once (measured)."""
_OFF_HEAP_SLOT = 512 * _MIB
"""Batches of 20 MB on their way to and from a harness. With none of its own, 1.3 million flights
in two slots ended the TaskManager for lack of direct memory."""
_HARNESS = (1536 * _MIB, 4 * _GIB)
"""Python's part of a slot's work; with TensorFlow and TFX imported it begins near 0.8 GB."""
_ELSEWHERE = (1536 * _MIB, 4 * _GIB)
"""Left for Airflow (about 1.2 GB) and running TFX nodes (1 to 2 GB each)."""


@dataclass(frozen=True)
class Machine:
    """What there is to share out: bytes of memory, and processors."""

    memory: int
    processors: int


@dataclass(frozen=True)
class Sizes:
    """Bytes and counts of a cluster.

    Attributes:
        slots: of each TaskManager.
        network: of each TaskManager's memory, for shuffles.
        off_heap: of each TaskManager's memory, for what goes to harnesses and comes from them.
        harness: that one SDK harness may take.
    """

    task_managers: int
    slots: int
    job_manager: int
    task_manager: int
    network: int
    off_heap: int
    harness: int

    @property
    def all_slots(self) -> int:
        return self.task_managers * self.slots

    @property
    def total(self) -> int:
        """Everything together when every slot is busy."""
        managers = self.job_manager + self.task_managers * self.task_manager
        return managers + self.all_slots * self.harness


def plan_sizes(machine: Machine, flink: FlinkSettings) -> Sizes:
    """Share the machine out: what the user has set, then what fits.

    Raises:
        UsageError: the memory does not suffice for what is asked, or for any cluster.
    """
    task_managers = flink.task_managers or 1
    elsewhere = _between(_ELSEWHERE, machine.memory // 5)
    room = machine.memory - elsewhere
    least_harness = flink.harness_memory or _HARNESS[0]
    slots = flink.slots or _fitting_slots(machine, task_managers, room, least_harness)
    count = task_managers * slots
    least = _JOB_MANAGER[0] + task_managers * _task_manager(slots, 0)
    most = _JOB_MANAGER[1] + task_managers * _task_manager(slots, 1)
    # Where the user has set it, harnesses get what is left, even if that is little.
    managers = flink.memory or min(most, room - count * least_harness)
    if managers < least:
        raise _too_little(machine, flink, least, count * least_harness, elsewhere)
    job_manager = _between(_JOB_MANAGER, managers // 4)
    task_manager = (managers - job_manager) // task_managers
    left = max(0, room - managers) // count
    harness = flink.harness_memory or _whole(_between(_HARNESS, left))
    found = sizes_of(slots, job_manager, task_manager)
    return replace(found, task_managers=task_managers, harness=harness)


def sizes_of(slots: int, job_manager: int, task_manager: int) -> Sizes:
    """What follows from the sizes of the processes: one TaskManager, and the largest harnesses."""
    return Sizes(
        1,
        slots,
        _whole(job_manager),
        _whole(task_manager),
        _whole(min(_NETWORK_BASE + slots * _NETWORK_SLOT, task_manager // 3)),
        _whole(min(slots * _OFF_HEAP_SLOT, task_manager // 8)),
        _HARNESS[1],
    )


def _fitting_slots(machine: Machine, task_managers: int, room: int, harness: int) -> int:
    """As many slots a TaskManager as it has processors, or fewer where memory is short."""
    wanted = max(1, machine.processors // task_managers)
    for slots in range(wanted, 1, -1):
        managers = _JOB_MANAGER[0] + task_managers * _task_manager(slots, 0)
        if managers + task_managers * slots * harness <= room:
            return slots
    return 1


def _task_manager(slots: int, which: int) -> int:
    return _TASK_MANAGER_BASE[which] + slots * _TASK_MANAGER_SLOT[which]


def _too_little(
    machine: Machine, flink: FlinkSettings, managers: int, harnesses: int, elsewhere: int
) -> UsageError:
    if flink.memory is not None:
        return UsageError(
            f"flink_memory is {_text(flink.memory)}, and JobManager and TaskManagers need at "
            f"least {_text(managers)}",
            "give them more, or fewer slots (flink_slots) or TaskManagers (flink_task_managers)",
        )
    return UsageError(
        f"too little memory for Flink: the machine has {_text(machine.memory)}, and needed are "
        f"{_text(managers)} for JobManager and TaskManagers, {_text(harnesses)} for SDK harnesses "
        f"and {_text(elsewhere)} for Airflow and TFX nodes",
        "ask for fewer slots (flink_slots) or TaskManagers (flink_task_managers), or set "
        "flink_memory and flink_harness_memory yourself",
    )


def this_machine() -> Machine:
    """What this process may use of the machine, within the limits of its container."""
    from headrace.bootstrap import machine

    memory = machine.this_machine().memory
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    processors = allowed or os.cpu_count() or 1
    quota = _processor_quota(Path("/sys/fs/cgroup/cpu.max"))
    return Machine(memory or 8 * _GIB, min(processors, quota or processors))


def _processor_quota(file: Path) -> int | None:
    """Whole processors that a container's quota (cgroup v2) amounts to; None: there is none."""
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _between(limits: tuple[int, int], value: int) -> int:
    return max(limits[0], min(limits[1], value))


def _whole(value: int) -> int:
    """Whole mebibytes, which configuration files and messages can show."""
    return value // _MIB * _MIB


def _text(value: int) -> str:
    return f"{value / _GIB:.1f} GiB"
