import os

from benchmarks.soak import DagRun, faults, peer_is_due, rows
from benchmarks.watched import Sample, Usage, take


def samples(rss: float = 0.0, pss: float = 0.0, files: float = 0.0) -> list[Sample]:
    """Two hours of a part that grows by so many megabytes and files an hour."""

    def usage(hours: float) -> Usage:
        return Usage(
            int(1e9 + rss * hours * 1e6),
            int(5e8 + pss * hours * 1e6),
            int(50 + files * hours),
            4,
            1,
        )

    return [
        Sample(float(minute), at_rest=minute % 2 == 0, parts={"launcher": usage(minute / 60)})
        for minute in range(121)
    ]


PEER = [1.7] * 20
RUNS = [DagRun(f"run{number}", "success", 30.0) for number in range(20)]


def test_a_platform_that_stays_as_it_is_has_no_fault() -> None:
    assert faults(samples(rss=10, pss=10), RUNS, PEER) == []


def test_what_grows_is_named() -> None:
    [resident, memory, files] = faults(samples(rss=60, pss=60, files=30), RUNS, PEER)
    assert resident == "launcher: resident memory (MB) grew from 1030 to 1120"
    assert memory.startswith("launcher: memory, shared pages in proportion (MB) grew from 530 to")
    assert files == "launcher: open files grew from 65 to 110"


def test_pages_that_fewer_processes_share_are_no_growth() -> None:
    assert faults(samples(pss=60), RUNS, PEER) == []
    assert faults(samples(rss=60), RUNS, PEER) == []


def test_runs_that_fail_or_take_longer_are_named() -> None:
    slower = [*RUNS[:10], *(DagRun(f"late{number}", "success", 40.0) for number in range(10))]
    assert faults(samples(), slower, PEER) == [
        "the last runs took 1.33 times the first ones' time, the same work of a peer 1.00 times"
    ]
    failed = DagRun("bad", "failed", 30.0)
    assert faults(samples(), [*RUNS, failed], PEER) == ["run bad is failed"]


def test_runs_that_take_longer_with_the_machine_are_no_fault() -> None:
    slower = [*RUNS[:10], *(DagRun(f"late{number}", "success", 40.0) for number in range(10))]
    assert faults(samples(), slower, [1.7] * 10 + [2.2] * 10) == []


def test_the_peer_has_a_turn_after_each_run_and_not_between_its_nodes() -> None:
    def turns(rest: str) -> list[int]:
        seen: list[Sample] = []
        found = [-1000]
        for number, mark in enumerate(rest):
            seen.append(Sample(number / 12, mark == ".", {}))
            if peer_is_due(seen, (number - found[-1]) / 12):
                found.append(number)
        return found[1:]

    assert turns("...nnnnn...nnnnn.....") == [0, 9, 17]
    assert turns("..nnnn.nnn.nnn..") == [0, 15]
    assert turns(".nnnnnnnnnnnnnnnnnnnnn.nnnn") == [0, 22]


def test_figures_are_told_over_time() -> None:
    found = rows(samples(pss=60), RUNS, PEER)
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
