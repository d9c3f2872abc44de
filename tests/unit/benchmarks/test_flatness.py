import pytest

from benchmarks import flatness


def over_an_hour(change: float, start: float = 100.0) -> list[flatness.Point]:
    return [(minute, start + change * minute / 60) for minute in range(61)]


@pytest.mark.parametrize(("change", "grows"), [(4.0, False), (12.0, True), (-50.0, False)])
def test_memory_may_grow_by_a_twentieth_an_hour_but_by_five_megabytes_at_least(
    change: float, grows: bool
) -> None:
    assert flatness.growth_an_hour(over_an_hour(change)) == pytest.approx(change)
    assert flatness.memory_grows(over_an_hour(change)) is grows


def test_a_large_process_may_grow_by_more() -> None:
    assert not flatness.memory_grows(over_an_hour(40.0, start=1000.0))
    assert flatness.memory_grows(over_an_hour(80.0, start=1000.0))


def test_single_samples_far_off_do_not_matter() -> None:
    points = over_an_hour(0.0)
    points[-1] = (60.0, 900.0)
    assert flatness.growth_an_hour(points) == 0


def test_a_count_may_be_higher_by_two_in_the_end() -> None:
    assert not flatness.count_grows([(0, 10), (1, 10), (2, 12)])
    assert flatness.count_grows([(0, 10), (1, 12), (2, 13)])
    assert not flatness.count_grows([(0, 10), (1, 40), (2, 10)])
    assert not flatness.count_grows([(0, 10)])


def test_windows_have_the_median_of_what_is_in_them() -> None:
    points = [(0.0, 1.0), (1.0, 9.0), (2.0, 2.0), (6.0, 5.0), (10.0, 7.0)]
    assert flatness.windows(points, 2) == [(5.0, 2.0), (10.0, 6.0)]
    assert flatness.windows([], 2) == []


def test_the_beginning_is_not_judged() -> None:
    points = [(float(minute), 0.0) for minute in range(11)]
    assert flatness.judged(points)[0] == (3.0, 0.0)
    assert flatness.judged([]) == []


def test_the_last_ten_runs_are_compared_with_the_first_ten() -> None:
    assert flatness.slowdown([1.0] * 10 + [100.0] * 10 + [1.05] * 10) == pytest.approx(1.05)
    assert not flatness.slows_down(flatness.slowdown([1.0] * 10 + [1.05] * 10))
    assert flatness.slows_down(flatness.slowdown([1.0] * 10 + [1.2] * 10))
    assert flatness.slowdown([1.0, 2.0]) == 2.0
    assert flatness.slowdown([1.0]) == 1.0
