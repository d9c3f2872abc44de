import os

from benchmarks.soak import DagRun, faults, rows
from benchmarks.watched import Sample, Usage, take


def samples(pss: float = 0.0, files: float = 0.0) -> list[Sample]:
    """Two hours of a part that grows by so many megabytes and files an hour."""
    return [
        Sample(
            float(minute),
            at_rest=minute % 2 == 0,
            parts={"launcher": Usage(10**9, int(5e8 + pss * minute / 60 * 1e6),
                                     int(50 + files * minute / 60), 4, 1)},
        )
        for minute in range(121)
    ]  # fmt: skip


RUNS = [DagRun(f"run{number}", "success", 30.0) for number in range(20)]


def test_a_platform_that_stays_as_it_is_has_no_fault() -> None:
    assert faults(samples(pss=10), RUNS) == []


def test_what_grows_is_named() -> None:
    [memory, files] = faults(samples(pss=60, files=30), RUNS)
    assert memory.startswith("launcher: memory, shared pages in proportion (MB) grew from 530 to")
    assert files == "launcher: open files grew from 65 to 110"


def test_runs_that_fail_or_take_longer_are_named() -> None:
    slower = [*RUNS[:10], *(DagRun(f"late{number}", "success", 40.0) for number in range(10))]
    assert faults(samples(), slower) == ["the last runs took 1.33 times the first ones'"]
    failed = DagRun("bad", "failed", 30.0)
    assert faults(samples(), [*RUNS, failed]) == ["run bad is failed"]


def test_figures_are_told_over_time() -> None:
    found = rows(samples(pss=60), RUNS)
    memory = [row for row in found if row.figure.startswith("memory, shared")]
    assert [row.size for row in memory] == [15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 105.0, 120.0]
    [growth] = [row for row in found if "growth" in row.figure]
    assert round(growth.summary.median) == 60


def test_this_process_can_be_looked_at() -> None:
    sample = take(1.0, {"supervisor": os.getpid(), "gone": 2**22 + 1}, [])
    assert sample.at_rest
    assert sample.parts["supervisor"].processes == 1
    assert sample.parts["supervisor"].rss_bytes >= sample.parts["supervisor"].pss_bytes > 0
    assert sample.parts["gone"] == Usage()
    assert sample.parts["all of it"].processes >= 1
