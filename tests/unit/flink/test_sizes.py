from pathlib import Path

import pytest

from headrace.errors import UsageError
from headrace.flink.sizes import Machine, _processor_quota, plan_sizes
from headrace.settings.flink import FlinkSettings

GIB = 1 << 30
MIB = 1 << 20
MACHINES = [
    Machine(memory * GIB, processors) for memory in (8, 16, 24, 64) for processors in (2, 8)
]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("task_managers", [1, 2])
def test_a_busy_cluster_leaves_room_for_airflow_and_nodes(
    machine: Machine, task_managers: int
) -> None:
    try:
        sizes = plan_sizes(machine, FlinkSettings(task_managers=task_managers))
    except UsageError:
        assert machine.memory == 8 * GIB
        assert task_managers == 2
        return
    assert sizes.total <= machine.memory - 1536 * MIB
    assert sizes.harness >= 1536 * MIB
    assert 1 <= sizes.slots <= machine.processors
    assert sizes.network < sizes.task_manager / 2


def test_slots_follow_the_processors_where_there_is_memory() -> None:
    assert plan_sizes(Machine(24 * GIB, 2), FlinkSettings()).slots == 2
    assert plan_sizes(Machine(64 * GIB, 8), FlinkSettings()).slots == 8
    assert plan_sizes(Machine(64 * GIB, 8), FlinkSettings(task_managers=2)).slots == 4
    assert plan_sizes(Machine(8 * GIB, 16), FlinkSettings()).slots < 16


def test_network_memory_is_what_was_measured_with_two_slots() -> None:
    assert plan_sizes(Machine(24 * GIB, 2), FlinkSettings()).network == 768 * MIB


def test_a_slot_has_direct_memory_for_what_goes_to_its_harness() -> None:
    large = plan_sizes(Machine(24 * GIB, 2), FlinkSettings())
    assert large.off_heap == large.task_manager // 8 // MIB * MIB > 600 * MIB
    assert plan_sizes(Machine(64 * GIB, 1), FlinkSettings()).off_heap <= 512 * MIB


def test_what_the_user_has_set_is_kept() -> None:
    asked = FlinkSettings(slots=3, task_managers=2, memory=9 * GIB, harness_memory=700 * MIB)
    sizes = plan_sizes(Machine(24 * GIB, 2), asked)
    assert (sizes.slots, sizes.task_managers, sizes.all_slots) == (3, 2, 6)
    assert sizes.harness == 700 * MIB
    assert sizes.job_manager + 2 * sizes.task_manager == 9 * GIB


def test_too_little_memory_is_said_with_what_is_needed() -> None:
    with pytest.raises(UsageError, match=r"(?s)the machine has 4\.0 GiB.*flink_slots") as caught:
        plan_sizes(Machine(4 * GIB, 2), FlinkSettings(slots=4))
    assert "SDK harnesses" in caught.value.message


def test_a_memory_setting_that_is_too_small_is_named() -> None:
    with pytest.raises(UsageError, match=r"flink_memory is 1\.0 GiB"):
        plan_sizes(Machine(24 * GIB, 2), FlinkSettings(memory=GIB))


def test_a_small_machine_still_gets_a_cluster_of_one_slot() -> None:
    assert plan_sizes(Machine(6 * GIB, 4), FlinkSettings()).all_slots == 1


@pytest.mark.parametrize(
    ("text", "processors"),
    [("200000 100000\n", 2), ("50000 100000\n", 1), ("max 100000\n", None), ("", None)],
)
def test_a_containers_quota_counts(tmp_path: Path, text: str, processors: int | None) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert _processor_quota(tmp_path / "cpu.max") == processors
    assert _processor_quota(tmp_path / "missing") is None
