import pytest

from headrace.flink_runner.sizing import BYTES_A_SLOT, Shape, shape_of, with_harnesses


@pytest.mark.parametrize(
    ("size", "parallelism"),
    [(0, 1), (1000, 1), (BYTES_A_SLOT, 1), (BYTES_A_SLOT + 1, 2), (1 << 40, 4), (None, 4)],
)
def test_slots_follow_the_size_of_the_input_up_to_what_there_are(
    size: int | None, parallelism: int
) -> None:
    assert shape_of(size, slots=4, task_managers=1) == Shape(parallelism, parallelism)


def test_harnesses_are_shared_out_over_the_task_managers() -> None:
    assert with_harnesses(4, task_managers=2) == Shape(4, 2)
    assert with_harnesses(5, task_managers=2) == Shape(5, 3)
    assert with_harnesses(1, task_managers=0) == Shape(1, 1)
